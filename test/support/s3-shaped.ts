// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ObjectInfo, StorageDriver, WriteCondition } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { bytesIn } from './storage-reading.ts';

/**
 * A store in memory with the manners of S3: a version is a hash of the content, so an object that is written again as
 * it was has the version it had, and parts have a least size.
 */
export function s3Shaped(now?: () => number): StorageDriver {
  const memory = memoryDriver(now);
  const hashed = async (info: ObjectInfo): Promise<ObjectInfo> => {
    const found = await memory.read(info.key);
    const hash = createHash('md5').update(await bytesIn(found?.body ?? []));
    return { ...info, version: hash.digest('hex') };
  };
  const orConflict = (info: ObjectInfo | 'conflict') => (info === 'conflict' ? info : hashed(info));
  /** The same condition, as the store below it knows it. */
  const below = async (key: string, condition: WriteCondition): Promise<WriteCondition> => {
    if (!('version' in condition)) return condition;
    const info = await memory.stat(key);
    const isIt = info !== undefined && (await hashed(info)).version === condition.version;
    return { version: isIt ? info.version : 'another one' };
  };
  const optionsBelow = async <T extends { readonly condition?: WriteCondition }>(
    key: string,
    options: T | undefined,
  ) => {
    const { condition } = options ?? {};
    return condition === undefined
      ? options
      : { ...options, condition: await below(key, condition) };
  };
  return {
    ...memory,
    name: 'shaped like S3',
    leastPart: 4,
    async stat(key) {
      const info = await memory.stat(key);
      return info && hashed(info);
    },
    async read(key, range, signal) {
      const found = await memory.read(key, range, signal);
      return found && { ...found, info: await hashed(found.info) };
    },
    async write(key, body, options) {
      return orConflict(await memory.write(key, body, await optionsBelow(key, options)));
    },
    async remove(key, options) {
      return memory.remove(key, await optionsBelow(key, options));
    },
    async copy(from, to) {
      const info = await memory.copy(from, to);
      return info && hashed(info);
    },
    async *list(prefix, options) {
      for await (const info of memory.list(prefix, options)) {
        yield options?.delimiter === undefined ? await hashed(info) : info;
      }
    },
    async finishUpload(upload, condition) {
      return orConflict(
        await memory.finishUpload(upload, condition && (await below(upload.key, condition))),
      );
    },
  };
}
