// SPDX-License-Identifier: Apache-2.0
import { matchesTagPattern } from '../../core/oci/tag-pattern.ts';
import type { Visit } from '../registry-ports.ts';

/** Whether a tag stays where it was put first. */
export function isImmutable({ registry }: Visit, tag: string): boolean {
  return registry.settings.immutableTags.some((pattern) => matchesTagPattern(pattern, tag));
}
