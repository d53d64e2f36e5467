// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOf, type Digest, hexOf } from '../../core/oci/digest.ts';
import { blobKey, linkPrefix } from '../store/layout.ts';
import type { CheckPorts } from './check-ports.ts';
import { damage, type Finding, note } from './finding.ts';

/** Hashes what is stored under a digest. */
export async function checkBlob(ports: CheckPorts, digest: Digest): Promise<readonly Finding[]> {
  const { storage, signal, read } = ports;
  const key = blobKey(digest);
  const found = await storage.read(key, undefined, signal);
  if (found === undefined) return [];
  const hash = createHash(algorithmOf(digest));
  for await (const chunk of found.body) {
    hash.update(chunk);
    read(chunk.byteLength);
  }
  const hex = hash.digest('hex');
  if (hex !== hexOf(digest)) {
    const problem = `its ${found.info.size} bytes are those of "${algorithmOf(digest)}:${hex}"`;
    return [damage(key, problem, 'remove it, and push or import an image that has it')];
  }
  if (await isLinked(ports, digest)) return [];
  const problem = 'no repository links it: what a push left that broke off, or is under way';
  return [note(key, problem, 'nothing; it may be removed when nobody pushes')];
}

async function isLinked({ storage }: CheckPorts, digest: Digest): Promise<boolean> {
  for await (const _ of storage.list(linkPrefix(digest), { limit: 1, keysOnly: true })) return true;
  return false;
}
