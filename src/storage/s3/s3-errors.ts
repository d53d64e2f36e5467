// SPDX-License-Identifier: Apache-2.0
import { StorageError, type StorageErrorCode } from '../storage-error.ts';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  AbortError: 'aborted',
  AccessDenied: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  KeyTooLongError: 'invalid-key',
  XMinioInvalidObjectName: 'invalid-key',
  NoSuchUpload: 'unknown-upload',
  QuotaExceeded: 'no-space',
  XMinioStorageFull: 'no-space',
};

/** Waits for the store; whatever it fails with becomes a StorageError that names the key. */
export async function atStore<T>(key: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw s3ErrorOf(key, error);
  }
}

/** Undefined when what is asked for is not there. */
export async function unlessAbsent<T>(key: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw s3ErrorOf(key, error);
  }
}

const NO_CREDENTIALS = 'CredentialsProviderError';
const WHERE_CREDENTIALS_ARE =
  'there are none that can be used: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name files in `credentials` of the storage, or give the machine a role';

/**
 * The error itself does not go on as the cause: the SDK adds whatever the store answered to it, such as the
 * access key and what was signed.
 */
export function s3ErrorOf(key: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { name, status, requestId } = factsOf(error);
  const where = [status, requestId].filter((fact) => fact !== undefined).join(', ');
  const said = name === NO_CREDENTIALS ? WHERE_CREDENTIALS_ARE : messageOf(error);
  const message = `${name}: ${said}${where === '' ? '' : ` (${where})`}`;
  return new StorageError(CODES[name] ?? codeOfStatus(status), key, message);
}

/** Nothing under that name; that there is no such bucket is a failure. */
export function isAbsence(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return status === 404 && name !== 'NoSuchBucket' && name !== 'NoSuchUpload';
}

/**
 * A condition that does not hold: of an object that is gone, of one that others are just writing, or of one that
 * is another by now.
 */
export function isConflict(error: unknown): boolean {
  const { status } = factsOf(error);
  return isAbsence(error) || status === 409 || status === 412;
}

/** Whether the request was made more than once: then the first one may have done what the last one was refused. */
export function wasRepeated(error: unknown): boolean {
  return factsOf(error).attempts > 1;
}

export function statusOf(error: unknown): number | undefined {
  return factsOf(error).status;
}

interface ErrorFacts {
  readonly name: string;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly requestId: string | undefined;
}

interface AnsweredError {
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly attempts?: number;
    readonly requestId?: string;
  };
}

function factsOf(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) {
    return { name: 'Error', status: undefined, attempts: 1, requestId: undefined };
  }
  const { $metadata = {} } = error as AnsweredError; // all of its fields are optional
  const { httpStatusCode, attempts = 1, requestId } = $metadata;
  return { name: error.name, status: httpStatusCode, attempts, requestId };
}

function codeOfStatus(status: number | undefined): StorageErrorCode {
  if (status === 401 || status === 403) return 'denied';
  return status === 507 ? 'no-space' : 'failed';
}

/** Of a connection that failed on every address there is a code and no message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : 'failed';
}
