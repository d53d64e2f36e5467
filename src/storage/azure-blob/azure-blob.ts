// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver, WriteCondition } from '../driver.ts';
import { bufferedInParts } from '../in-parts.ts';
import { type PartObject, partObjects, sweepParts, type UploadMethods } from '../part-objects.ts';
import { type AzureOptions, openAzure } from './azure-client.ts';
import { joinBlobs } from './azure-copy.ts';
import { type AzureLists, listAll, listBlobs } from './azure-list.ts';
import { blockSizeOf } from './azure-parts.ts';
import { readBlob } from './azure-read.ts';
import {
  type AzureStore,
  type Blob,
  blobOf,
  conditionOf,
  deleteBlob,
  statBlob,
} from './azure-store.ts';
import { writeBlob } from './azure-write.ts';
import { listMarks } from './list-marks.ts';

/** Blobs in a container of Azure. Versions are ETags, which differ after every write. */
export function azureBlobDriver(options: AzureOptions): StorageDriver {
  const { account, container, prefix } = options;
  const { store, linkTo } = openAzure(options);
  const lists: AzureLists = { store, marks: listMarks() };
  const place = [account, container, ...(prefix ? [prefix] : [])].join('/');
  return {
    name: `Azure container ${place}`,
    bufferedOf: (size) => bufferedInParts(size, blockSizeOf(size)(0)),
    ...azureUploads(store),
    sweepUploads: (sweep) =>
      sweepParts(
        { list: (below) => listAll(lists, below), remove: (part) => removePart(store, part) },
        sweep,
      ),
    async stat(key) {
      return (await statBlob(store, blobOf(store, key)))?.info;
    },
    async read(key, range, signal) {
      return readBlob(store, blobOf(store, key), { range, signal });
    },
    async write(key, body, options = {}) {
      return writeBlob(store, blobOf(store, key), body, options);
    },
    async remove(key, { condition } = {}) {
      return removeIf(store, blobOf(store, key), condition);
    },
    list: (below, options = {}) => listBlobs(lists, below, options),
    async copy(from, to) {
      const [source, blob] = [blobOf(store, from), blobOf(store, to)];
      const found = await statBlob(store, source);
      if (found === undefined) return undefined;
      const copied = await joinBlobs(store, [{ ...source, size: found.info.size }], { blob });
      return copied === 'conflict' ? undefined : copied; // never: there was no condition
    },
    async directUrl(key, { seconds }) {
      return linkTo(blobOf(store, key), seconds);
    },
  };
}

function azureUploads(store: AzureStore): UploadMethods {
  return partObjects({
    checkKey: (key) => void blobOf(store, key),
    async write(part, body, signal) {
      const options = signal === undefined ? {} : { signal };
      const written = await writeBlob(store, blobAt(store, part), body, options);
      return written === 'conflict' ? 0 : written.size; // never: there was no condition
    },
    has: async (part) => (await statBlob(store, blobAt(store, part))) !== undefined,
    remove: (part) => removePart(store, part),
    assemble({ key, parts, condition }) {
      const blobs = parts.map((part) => ({ ...blobAt(store, part), size: part.size }));
      return joinBlobs(store, blobs, { blob: blobOf(store, key), condition });
    },
  });
}

function blobAt({ keys }: AzureStore, { key, below }: PartObject): Blob {
  return { key, name: keys.nameBelow(below) };
}

async function removePart(store: AzureStore, part: PartObject): Promise<void> {
  await deleteBlob(store, blobAt(store, part));
}

async function removeIf(
  store: AzureStore,
  blob: Blob,
  condition: WriteCondition | undefined,
): Promise<'removed' | 'absent' | 'conflict'> {
  if (condition !== undefined && 'absent' in condition) {
    return (await statBlob(store, blob)) === undefined ? 'absent' : 'conflict';
  }
  const { status, problem } = await deleteBlob(store, blob, conditionOf(condition));
  if (problem === undefined) return 'removed';
  if (status === 404) return 'absent';
  return (await statBlob(store, blob)) === undefined ? 'absent' : 'conflict';
}
