// SPDX-License-Identifier: Apache-2.0
import { type DigestTable, digestTable } from '../../core/mirroring/digest-table.ts';
import type { ObjectStore } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { parseKnown } from '../known-repository.ts';
import { readText, sourceFolder } from '../source-memory.ts';

const MEMORY = /^(archeion\/mirror\/[a-f0-9]{16})\/[a-f0-9]{64}\.json$/;

/**
 * What mirrors of other sources over the same target remember to want. That is all there is to know of them: one that
 * mirrors other repositories of the same source remembers in the same place as we do.
 *
 * @throws StorageError for what cannot be read: they may want anything
 */
export async function rememberedByOthers(store: ObjectStore, source: string): Promise<DigestTable> {
  const table = digestTable();
  const own = sourceFolder(source);
  for await (const { key } of store.list('archeion/mirror/', { keysOnly: true })) {
    const folder = MEMORY.exec(key)?.[1];
    if (folder !== undefined && folder !== own) await addKnown(table, store, key);
  }
  return table;
}

async function addKnown(table: DigestTable, store: ObjectStore, key: string): Promise<void> {
  const text = await readText(store, key);
  if (text === undefined) return;
  const known = parseKnown(text);
  if (known === undefined) {
    throw new StorageError('failed', key, 'what another mirror remembers is not readable');
  }
  for (const [digest, { size, blobs, elsewhere = [] }] of known.manifests) {
    table.set(digest, size);
    for (const [blob, bytes] of blobs) table.set(blob, bytes);
    // Which hosts they allow is not written down: they may have copied these, too.
    for (const layer of elsewhere) table.set(layer.digest, layer.size);
  }
}
