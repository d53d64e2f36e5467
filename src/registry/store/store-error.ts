// SPDX-License-Identifier: Apache-2.0

export type StoreErrorCode =
  /** Written by a newer program than this one. */
  | 'newer-layout'
  /** The store cannot be trusted with a registry. */
  | 'unfit'
  /** Something is not as this program writes it, or is missing. */
  | 'damaged';

/** What is stored is not what it should be: a matter for the operator, never for a client. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly key: string;

  constructor(code: StoreErrorCode, key: string, message: string, cause?: unknown) {
    super(`${message} (key "${key}")`, { cause });
    this.code = code;
    this.key = key;
  }
}
