// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../src/core/oci/digest.ts';
import { tagKey } from '../../src/registry/store/layout.ts';
import type { RepositoryPlace } from '../../src/registry/store/manifest-store.ts';

export interface NewTag {
  readonly tag: string;
  readonly digest: Digest;
  readonly pushedBy: string;
}

/** Lets a tag point somewhere, whatever it pointed at before, as whoever is faster than others does. */
export async function putTag(
  { storage, repository }: RepositoryPlace,
  { tag, digest, pushedBy }: NewTag,
): Promise<void> {
  const nonce = `${pushedBy} ${digest}`;
  const record = { digest, mediaType: 'x', size: 1, pushedAt: Date.now(), pushedBy, nonce };
  await storage.write(tagKey(repository, tag), JSON.stringify(record));
}
