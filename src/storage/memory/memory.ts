// SPDX-License-Identifier: Apache-2.0
import { bytesOf, collect, throwIfAborted } from '../body.ts';
import type { ByteRange, ObjectInfo, StorageDriver, WriteCondition } from '../driver.ts';
import { checkKey, compareKeys } from '../key.ts';
import { listing } from '../listing.ts';
import { memoryUploads } from './memory-uploads.ts';

interface StoredObject {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

const CHUNK = 1024 * 1024;

/**
 * Objects in memory, gone with the process: for tests and trials.
 *
 * @param now milliseconds since 1970: the store's clock
 */
export function memoryDriver(now: () => number = Date.now): StorageDriver {
  const objects = new Map<string, StoredObject>();
  let writes = 0;
  const store = (key: string, bytes: Uint8Array): ObjectInfo => {
    writes += 1;
    const info = { key, size: bytes.byteLength, version: String(writes), modifiedAt: now() };
    objects.set(key, { info, bytes });
    return info;
  };
  // No promise between the look and the change: that is what makes a condition hold.
  const storeIf = (key: string, bytes: Uint8Array, condition?: WriteCondition) =>
    holds(condition, objects.get(key)?.info) ? store(key, bytes) : 'conflict';
  return {
    name: 'memory',
    ...memoryUploads(storeIf),
    async stat(key) {
      checkKey(key);
      return objects.get(key)?.info;
    },
    async read(key, range, signal) {
      checkKey(key);
      const found = objects.get(key);
      if (found === undefined) return undefined;
      return { info: found.info, body: chunks(found, range, signal) };
    },
    async write(key, body, options = {}) {
      checkKey(key);
      return storeIf(key, await collect(bytesOf(key, body, options)), options.condition);
    },
    async remove(key, { condition } = {}) {
      checkKey(key);
      const found = objects.get(key);
      if (found === undefined) return 'absent';
      if (!holds(condition, found.info)) return 'conflict';
      objects.delete(key);
      return 'removed';
    },
    list: (prefix, options = {}) => listing(() => inOrder(objects, prefix), prefix, options),
    async copy(from, to) {
      checkKey(from);
      checkKey(to);
      const found = objects.get(from);
      return found === undefined ? undefined : store(to, found.bytes);
    },
  };
}

function holds(condition: WriteCondition | undefined, info: ObjectInfo | undefined): boolean {
  if (condition === undefined) return true;
  return 'absent' in condition ? info === undefined : info?.version === condition.version;
}

async function* inOrder(
  objects: ReadonlyMap<string, StoredObject>,
  prefix: string,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix));
  for (const key of keys.sort(compareKeys)) {
    const found = objects.get(key); // it may have gone since
    if (found !== undefined) yield found.info;
  }
}

/** Copies, so that nothing a reader does to its bytes changes what is stored. */
async function* chunks(
  { info, bytes }: StoredObject,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = Math.min(bytes.byteLength, (range?.last ?? Number.POSITIVE_INFINITY) + 1);
  for (let place = range?.first ?? 0; place < end; place += CHUNK) {
    throwIfAborted(info.key, signal);
    yield Uint8Array.from(bytes.subarray(place, Math.min(place + CHUNK, end)));
  }
}
