// SPDX-License-Identifier: Apache-2.0

export type CopyErrorCode =
  /** The source lacks it. */
  | 'missing'
  /** Not what its manifest says, or nothing that can be read. */
  | 'invalid'
  | 'limit'
  | 'failed';

/** An image that could not be copied as a whole: what of it is there is found by the next attempt. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code: CopyErrorCode;

  constructor(code: CopyErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
