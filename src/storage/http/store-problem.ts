// SPDX-License-Identifier: Apache-2.0
import { StorageError, type StorageErrorCode } from '../storage-error.ts';

/** Why a store refused. */
export interface StoreProblem {
  /** The store's own word for it. */
  readonly name: string;
  readonly message: string;
}

export function storeError(key: string, status: number, problem: StoreProblem): StorageError {
  const { name, message } = problem;
  return new StorageError(codeOfStatus(status), key, `${name}: ${message} (${status})`);
}

/** Of a request that never got an answer, or not all of one. */
export function transportError(key: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError('failed', key, messageOf(error), error);
}

function codeOfStatus(status: number): StorageErrorCode {
  if (status === 401 || status === 403) return 'denied';
  return status === 507 ? 'no-space' : 'failed';
}

/** Of a connection that failed on every address there is a code and no message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const code = 'code' in error ? String(error.code) : error.name;
  return error.message === '' ? code : error.message;
}
