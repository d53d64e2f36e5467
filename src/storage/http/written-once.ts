// SPDX-License-Identifier: Apache-2.0
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import type { StoreAnswer } from './store-client.ts';
import { storeError } from './store-problem.ts';

export interface FoundObject {
  readonly info: ObjectInfo;
  /** What its writer put there to know it again. */
  readonly nonce: string | undefined;
}

export interface WriteAttempt {
  readonly key: string;
  /** What this write, and no other, puts at the object. */
  readonly nonce: string;
  readonly condition: WriteCondition | undefined;
  readonly stat: () => Promise<FoundObject | undefined>;
}

/** What a store says when a condition does not hold: it is gone, is being written, or is another by now. */
export const CONFLICTS: readonly number[] = [404, 409, 412];

/**
 * What came of a write that was refused. One that was sent again because its answer was lost may find its own object
 * in the way: that is no conflict.
 */
export async function refusedWrite(
  { key, nonce, condition, stat }: WriteAttempt,
  { status, attempts, problem }: StoreAnswer,
): Promise<ObjectInfo | 'conflict'> {
  if (attempts > 1) {
    const found = await stat();
    if (found?.nonce === nonce) return found.info;
  }
  if (condition !== undefined) return 'conflict';
  throw storeError(key, status, problem ?? { name: 'Error', message: 'refused' });
}
