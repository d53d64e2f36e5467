// SPDX-License-Identifier: Apache-2.0

/**
 * The specification's error codes, with the status each is answered with unless it says otherwise.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export const STATUS_OF_CODE = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
} as const;

export type ErrorCode = keyof typeof STATUS_OF_CODE;

export interface RegistryErrorOptions {
  /** Overrules the code's own status: a missing page is 404 `UNSUPPORTED`, a huge manifest 413. */
  readonly status?: number;
  /** Sent with the answer: `Allow`, `Retry-After`. Names and values in turn. */
  readonly headers?: readonly string[];
  readonly detail?: unknown;
  readonly cause?: unknown;
}

/** A refusal the client may see. Its message and detail go on the wire; its cause never does. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: readonly string[];
  readonly detail: unknown;

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? STATUS_OF_CODE[code];
    this.headers = options.headers ?? [];
    this.detail = options.detail;
  }
}

/** The body of an error answer. `UNKNOWN` is for failures of ours, whose cause the client does not learn. */
export function errorBody(code: ErrorCode | 'UNKNOWN', message: string, detail?: unknown): string {
  return `${JSON.stringify({ errors: [{ code, message, detail }] })}\n`;
}
