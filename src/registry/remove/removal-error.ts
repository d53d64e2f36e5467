// SPDX-License-Identifier: Apache-2.0

export type RemovalErrorCode =
  /** Somebody moved it at the same moment. */
  | 'moved'
  /** Something else needs it. */
  | 'needed';

/** Why something was not removed. Everything is as it was. */
export class RemovalError extends Error {
  override readonly name = 'RemovalError';
  readonly code: RemovalErrorCode;

  constructor(code: RemovalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
