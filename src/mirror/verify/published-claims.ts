// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  type DigestIndexFile,
  type IndexRecord,
  recordsIn,
} from '../../core/digest-index/digest-index-file.ts';
import { placeOf } from '../../core/digest-index/digest-set.ts';
import { algorithmOf, type Digest, hexOf } from '../../core/oci/digest.ts';
import { openDigestIndex } from '../../upstream/digest-index-seal.ts';
import type { PublishedTarget } from '../publish-target.ts';
import { readIndexFile, readPointer } from '../target-index.ts';

/** What the index of a target says it holds, if a front would believe it. */
export type PublishedClaims =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly problem: string }
  | {
      readonly kind: 'believed';
      readonly claims: (digest: Digest) => boolean;
      readonly records: () => Iterable<IndexRecord>;
    };

/** @param now milliseconds since 1970 */
export async function readClaims(
  { name, publicUrl, store }: PublishedTarget,
  privateKey: KeyObject | undefined,
  now: number,
): Promise<PublishedClaims> {
  if (publicUrl === undefined) return { kind: 'none' };
  const found = await readPointer(store);
  if (found === undefined) return { kind: 'refused', problem: 'it has none' };
  if (found.pointer === undefined) return { kind: 'refused', problem: 'its pointer is none' };
  const bytes = await readIndexFile(store, found.pointer);
  if (bytes === undefined) return { kind: 'refused', problem: 'the file it points at is gone' };
  const publicKey = privateKey && createPublicKey(privateKey);
  const opened = openDigestIndex(bytes, { backend: name, url: publicUrl, publicKey, now });
  return opened.ok ? claimsOf(opened.file) : { kind: 'refused', problem: opened.problem };
}

function claimsOf(file: DigestIndexFile): PublishedClaims {
  return {
    kind: 'believed',
    claims: (digest) => placeOf(file.sets[algorithmOf(digest)], hexOf(digest)) !== -1,
    records: () => recordsIn(file),
  };
}
