// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';

/**
 * Manifests in an order in which registries take them: what is listed before what lists it, else as they come. What
 * comes before is never deeper than the walk that found it was.
 */
export function inOrder(
  digests: readonly Digest[],
  children: ReadonlyMap<Digest, readonly Digest[]>,
): readonly Digest[] {
  const [placed, above] = [new Set<Digest>(), new Set<Digest>()];
  const place = (digest: Digest): void => {
    if (placed.has(digest) || above.has(digest)) return;
    above.add(digest);
    for (const child of children.get(digest) ?? []) place(child);
    above.delete(digest);
    placed.add(digest);
  };
  for (const digest of digests) place(digest);
  return [...placed];
}
