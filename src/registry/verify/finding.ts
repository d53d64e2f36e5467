// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../../storage/storage-error.ts';
import { StoreError } from '../store/store-error.ts';

/** Something about one object of a store that whoever runs it should know. */
export interface Finding {
  /** `note`: unusual, and allowed. */
  readonly severity: 'damage' | 'note';
  readonly key: string;
  readonly problem: string;
  /** What to do about it. */
  readonly advice: string;
}

export function damage(key: string, problem: string, advice: string): Finding {
  return { severity: 'damage', key, problem, advice };
}

export function note(key: string, problem: string, advice: string): Finding {
  return { severity: 'note', key, problem, advice };
}

/** What a failure to read an object says about it; nothing, when the failure is another object's. */
export function findingsOfError(key: string, error: unknown): readonly Finding[] {
  if (error instanceof StoreError && error.code === 'damaged') {
    return error.key === key ? [damage(key, messageOf(error), 'remove it and push it again')] : [];
  }
  if (error instanceof StorageError && error.code !== 'aborted') {
    if (error.key !== key) return [];
    return [
      damage(
        key,
        `it cannot be read: ${messageOf(error)}`,
        'look at the disk, and at who may read it',
      ),
    ];
  }
  throw error;
}

function messageOf(error: StoreError | StorageError): string {
  return error.message.replace(` (key "${error.key}")`, '');
}
