// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, hexOf } from '../../core/oci/digest.ts';
import { blobPathOf } from '../../core/routing/blob-path.ts';
import type { MirrorTarget } from '../mirror-target.ts';
import type { SeenObject } from './finding.ts';

export type BytesCheck =
  | { readonly kind: 'right' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'wrong'; readonly seen: SeenObject; readonly found: string };

export interface HashPorts {
  readonly signal: AbortSignal;
  /** Told of bytes as they are hashed. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Hashes what a target has under a digest. What seems wrong is read once more: it may have been replaced meanwhile, or
 * have come to harm on its way.
 */
export async function checkBytes(
  target: MirrorTarget,
  digest: Digest,
  ports: HashPorts,
): Promise<BytesCheck> {
  const first = await checkOnce(target, digest, ports);
  return first.kind === 'wrong' ? checkOnce(target, digest, ports) : first;
}

async function checkOnce(
  { store, blobPath }: MirrorTarget,
  digest: Digest,
  { signal, onBytes }: HashPorts,
): Promise<BytesCheck> {
  const read = await store.read(blobPathOf(blobPath, digest), undefined, signal);
  if (read === undefined) return { kind: 'gone' };
  const hash = createHash(algorithmOf(digest));
  for await (const chunk of read.lent ?? read.body) {
    hash.update(chunk);
    onBytes(chunk.byteLength);
  }
  const hex = hash.digest('hex');
  if (hex === hexOf(digest)) return { kind: 'right' };
  const { size, version } = read.info;
  return { kind: 'wrong', seen: { digest, size, version }, found: `${algorithmOf(digest)}:${hex}` };
}
