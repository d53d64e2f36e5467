// SPDX-License-Identifier: Apache-2.0

export type StorageErrorCode =
  | 'invalid-key'
  | 'wrong-size'
  | 'no-space'
  | 'denied'
  | 'unknown-upload'
  | 'aborted'
  | 'failed';

/** A surprise of the store. Absence and a condition that does not hold are values, not errors. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly key: string;

  constructor(code: StorageErrorCode, key: string, message: string, cause?: unknown) {
    super(`${message} (key "${key}")`, { cause });
    this.code = code;
    this.key = key;
  }
}
