// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { ObjectStore, WriteCondition } from '../../storage/driver.ts';
import { UPLOADS_PREFIX } from './layout.ts';
import { StoreError } from './store-error.ts';

const AT_ONCE = 4;

export interface Proof {
  /** Where it is tried, with its slash. */
  readonly below: string;
  /** Whether deletions have conditions, too. */
  readonly ofDeletions: boolean;
}

/** What is left behind by a process that dies in the midst is reaped as an upload. */
const OF_A_REGISTRY: Proof = { below: UPLOADS_PREFIX, ofDeletions: true };

/**
 * Makes sure that a store does what it is told only on condition that it may: replicas of a registry, and mirrors of
 * one target, have nothing else between them.
 *
 * @throws StoreError that says what the store does not honour
 */
export async function proveConditions(
  storage: Pick<ObjectStore, 'name' | 'write' | 'remove'>,
  { below, ofDeletions } = OF_A_REGISTRY,
): Promise<void> {
  const key = `${below}${randomBytes(16).toString('hex')}/data`;
  const unfit = (promise: string): StoreError => {
    const message = `"${storage.name}" does not ${promise}. Without that, changes made at once are lost: use another store`;
    return new StoreError('unfit', below, message);
  };
  const write = (condition: WriteCondition) => storage.write(key, randomUUID(), { condition });
  const writeAtOnce = async (condition: WriteCondition, promise: string): Promise<string> => {
    const results = await Promise.all(Array.from({ length: AT_ONCE }, () => write(condition)));
    const written = results.filter((result) => result !== 'conflict');
    const [first, ...others] = written;
    if (first !== undefined && others.length === 0) return first.version;
    throw unfit(`${promise}: of ${AT_ONCE} writes at once ${written.length} succeeded`);
  };
  try {
    const first = await writeAtOnce({ absent: true }, 'create only what is absent (If-None-Match)');
    const second = await writeAtOnce({ version: first }, 'replace only what was read (If-Match)');
    if ((await write({ version: first })) !== 'conflict') {
      throw unfit('replace only what was read (If-Match)');
    }
    if (!ofDeletions) {
      await storage.remove(key);
      return;
    }
    if ((await storage.remove(key, { condition: { version: first } })) !== 'conflict') {
      throw unfit('remove only what was read (If-Match of a deletion)');
    }
    if ((await storage.remove(key, { condition: { version: second } })) !== 'removed') {
      throw unfit('remove what was read');
    }
  } catch (error) {
    await storage.remove(key).catch(() => undefined); // what it was about is said by the error
    throw error;
  }
}
