// SPDX-License-Identifier: Apache-2.0
import { unknownUpload } from '../body.ts';
import type { StorageDriver, WriteCondition } from '../driver.ts';
import { bufferedInParts } from '../in-parts.ts';
import { type PartObject, partObjects, sweepParts, type UploadMethods } from '../part-objects.ts';
import { type GcsOptions, openGcs } from './gcs-client.ts';
import { copyObject, joinObjects } from './gcs-copy.ts';
import { listAll, listObjects } from './gcs-list.ts';
import { readObject } from './gcs-read.ts';
import { deleteObject, type GcsObject, type GcsStore, objectOf, statObject } from './gcs-store.ts';
import { PIECE, writeObject } from './gcs-write.ts';

/** Objects in a bucket of Google Cloud Storage. Versions are generations, which differ after every write. */
export function gcsDriver(options: GcsOptions): StorageDriver {
  const { bucket, prefix, endpoint } = options;
  const { store, linkTo } = openGcs(options);
  const place = [bucket, ...(prefix ? [prefix] : [])].join('/');
  return {
    name: `Google Cloud Storage bucket ${place}${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    bufferedOf: (size) => bufferedInParts(size, PIECE),
    ...gcsUploads(store),
    sweepUploads: (sweep) =>
      sweepParts(
        { list: (below) => listAll(store, below), remove: (part) => removePart(store, part) },
        sweep,
      ),
    async stat(key) {
      return (await statObject(store, objectOf(store, key)))?.info;
    },
    async read(key, range, signal) {
      return readObject(store, objectOf(store, key), { range, signal });
    },
    async write(key, body, options = {}) {
      return writeObject(store, objectOf(store, key), body, options);
    },
    async remove(key, { condition } = {}) {
      return removeIf(store, objectOf(store, key), condition);
    },
    list: (below, options = {}) => listObjects(store, below, options),
    async copy(from, to) {
      return copyObject(store, objectOf(store, from), objectOf(store, to));
    },
    directUrl: async (key, { seconds }) => linkTo(objectOf(store, key), seconds),
  };
}

function gcsUploads(store: GcsStore): UploadMethods {
  return partObjects({
    checkKey: (key) => void objectOf(store, key),
    async write(part, body, signal) {
      const options = signal === undefined ? {} : { signal };
      const written = await writeObject(store, objectAt(store, part), body, options);
      return written === 'conflict' ? 0 : written.size; // never: there was no condition
    },
    has: async (part) => (await statObject(store, objectAt(store, part))) !== undefined,
    remove: (part) => removePart(store, part),
    async assemble({ key, parts, condition }) {
      const objects = parts.map((part) => ({ ...objectAt(store, part), size: part.size }));
      try {
        return await joinObjects(store, objects, { object: objectOf(store, key), condition });
      } catch (error) {
        await requireThere(store, key, objects); // not every store says that one of them is gone
        throw error;
      }
    },
  });
}

async function requireThere(
  store: GcsStore,
  key: string,
  parts: readonly GcsObject[],
): Promise<void> {
  for (const part of parts) {
    if ((await statObject(store, part)) === undefined) throw unknownUpload(key);
  }
}

function objectAt({ keys }: GcsStore, { key, below }: PartObject): GcsObject {
  return { key, name: keys.nameBelow(below) };
}

async function removePart(store: GcsStore, part: PartObject): Promise<void> {
  await deleteObject(store, objectAt(store, part));
}

async function removeIf(
  store: GcsStore,
  object: GcsObject,
  condition: WriteCondition | undefined,
): Promise<'removed' | 'absent' | 'conflict'> {
  if (condition !== undefined && 'absent' in condition) {
    return (await statObject(store, object)) === undefined ? 'absent' : 'conflict';
  }
  const { status, problem } = await deleteObject(store, object, condition);
  if (problem === undefined) return 'removed';
  if (status === 404) return 'absent';
  return (await statObject(store, object)) === undefined ? 'absent' : 'conflict';
}
