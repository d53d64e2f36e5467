// SPDX-License-Identifier: Apache-2.0

export type ImportErrorCode =
  /** The source has not what it promised. */
  | 'missing'
  /** What the source has is not what it said. */
  | 'invalid'
  /** An image so large or so deep that it looks like an attack. */
  | 'limit'
  | 'aborted';

/** Why an image could not be imported. Whatever was copied stays, but no tag leads to it. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly code: ImportErrorCode;

  constructor(code: ImportErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
