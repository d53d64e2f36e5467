// SPDX-License-Identifier: Apache-2.0
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { isConflict, s3ErrorOf, wasRepeated } from './s3-errors.ts';
import { type S3Object, type S3Store, statObject } from './s3-store.ts';

export interface Attempt {
  readonly store: S3Store;
  readonly object: S3Object;
  /** What this write, and no other, puts at the object. */
  readonly nonce: string;
  readonly condition: WriteCondition | undefined;
}

/**
 * What came of a write. One that was sent again because its answer was lost may find its own object in the way:
 * that is no conflict.
 */
export async function landed(
  { store, object, nonce, condition }: Attempt,
  work: Promise<ObjectInfo>,
): Promise<ObjectInfo | 'conflict'> {
  try {
    return await work;
  } catch (error) {
    if (wasRepeated(error)) {
      const found = await statObject(store, object);
      if (found?.nonce === nonce) return found.info;
    }
    if (condition !== undefined && isConflict(error)) return 'conflict';
    throw s3ErrorOf(object.key, error);
  }
}
