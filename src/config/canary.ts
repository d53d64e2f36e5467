// SPDX-License-Identifier: Apache-2.0
import { isTag } from '../core/oci/reference.ts';
import { isRepository } from '../core/oci/repository.ts';

/** The image by which an upstream shows that it serves: below its own repository prefix. */
export interface UpstreamCanary {
  readonly repository: string;
  readonly tag: string;
}

export function parseCanary(text: string): UpstreamCanary | undefined {
  const colon = text.lastIndexOf(':');
  const [repository, tag] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  return isRepository(repository) && isTag(tag) ? { repository, tag } : undefined;
}
