// SPDX-License-Identifier: Apache-2.0
import type { ReadResult, StorageDriver } from '../../storage/driver.ts';
import { StoreError } from './store-error.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** All bytes of a body that is known to be small. */
export async function bytesOf({ info, body, bytes }: ReadResult): Promise<Uint8Array> {
  if (bytes !== undefined) return bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const [first] = chunks;
  return chunks.length === 1 && first?.byteLength === info.size ? first : Buffer.concat(chunks);
}

/** A stored document; undefined when there is none. */
export async function readJson(storage: StorageDriver, key: string): Promise<unknown> {
  return (await readVersioned(storage, key))?.value;
}

/** A stored document, and the version it may be changed on condition of. */
export async function readVersioned(
  storage: StorageDriver,
  key: string,
): Promise<{ readonly value: unknown; readonly version: string } | undefined> {
  const found = await storage.read(key);
  if (found === undefined) return undefined;
  const text = decoder.decode(found.bytes ?? (await bytesOf(found)));
  try {
    return { value: JSON.parse(text), version: found.info.version };
  } catch (error) {
    throw new StoreError('damaged', key, 'no JSON', error);
  }
}

/** Writes what is not there yet. True when it was not. */
export async function createOnce(
  storage: StorageDriver,
  key: string,
  body: string | Uint8Array,
): Promise<boolean> {
  // Most of what is written again is there already, and a look costs less than a write that loses.
  if ((await storage.stat(key)) !== undefined) return false;
  return (await storage.write(key, body, { condition: { absent: true } })) !== 'conflict';
}
