// SPDX-License-Identifier: Apache-2.0
import type { ListOptions, ObjectStore, StorageDriver } from '../../src/storage/driver.ts';

/** Everything an iterable gives; `Array.fromAsync` is not in the library's types yet. */
export async function all<T>(iterable: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of iterable) found.push(entry);
  return found;
}

export async function bytesIn(
  body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
): Promise<Buffer> {
  return Buffer.concat(await all(body));
}

/** Everything in an object, as text; undefined when there is no object. */
export async function textAt(
  storage: StorageDriver,
  key: string,
  range?: { first: number; last: number },
): Promise<string | undefined> {
  const found = await storage.read(key, range);
  return found === undefined ? undefined : (await bytesIn(found.body)).toString();
}

export async function keysIn(
  storage: ObjectStore,
  prefix: string,
  options?: ListOptions,
): Promise<string[]> {
  const found = await all(storage.list(prefix, options));
  return found.map(({ key }) => key);
}

/** A body that fails after its chunks, as a client that goes away does. */
export async function* failing(
  chunks: readonly string[],
  error: Error,
): AsyncGenerator<Uint8Array> {
  yield* inChunks(chunks);
  throw error;
}

export async function* inChunks(chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** How Buffer orders keys: the oracle for the drivers' own comparison. */
export function byUtf8(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
