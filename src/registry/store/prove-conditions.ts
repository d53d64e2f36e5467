// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { StorageDriver, WriteCondition } from '../../storage/driver.ts';
import { UPLOADS_PREFIX } from './layout.ts';
import { StoreError } from './store-error.ts';

const AT_ONCE = 4;

/**
 * Makes sure that a store does what it is told only on condition that it may: replicas of a registry have
 * nothing else between them. What is left behind by a process that dies in the midst is reaped as an upload.
 *
 * @throws StoreError that says what the store does not honour
 */
export async function proveConditions(storage: StorageDriver): Promise<void> {
  const key = `${UPLOADS_PREFIX}${randomBytes(16).toString('hex')}/data`;
  const write = (condition: WriteCondition) => storage.write(key, randomUUID(), { condition });
  const writeAtOnce = async (condition: WriteCondition, promise: string): Promise<string> => {
    const results = await Promise.all(Array.from({ length: AT_ONCE }, () => write(condition)));
    const written = results.filter((result) => result !== 'conflict');
    const [first, ...others] = written;
    if (first !== undefined && others.length === 0) return first.version;
    throw unfit(storage, `${promise}: of ${AT_ONCE} writes at once ${written.length} succeeded`);
  };
  try {
    const first = await writeAtOnce({ absent: true }, 'create only what is absent (If-None-Match)');
    const second = await writeAtOnce({ version: first }, 'replace only what was read (If-Match)');
    if ((await write({ version: first })) !== 'conflict') {
      throw unfit(storage, 'replace only what was read (If-Match)');
    }
    if ((await storage.remove(key, { condition: { version: first } })) !== 'conflict') {
      throw unfit(storage, 'remove only what was read (If-Match of a deletion)');
    }
    if ((await storage.remove(key, { condition: { version: second } })) !== 'removed') {
      throw unfit(storage, 'remove what was read');
    }
  } catch (error) {
    await storage.remove(key).catch(() => undefined); // what it was about is said by the error
    throw error;
  }
}

function unfit({ name }: StorageDriver, promise: string): StoreError {
  const message = `"${name}" does not ${promise}. Without that, changes made at once are lost: use another store`;
  return new StoreError('unfit', UPLOADS_PREFIX, message);
}
