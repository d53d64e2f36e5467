// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';

export function denied(message: string): RegistryError {
  return new RegistryError('DENIED', message);
}

export function wrongDigest(digest: Digest): RegistryError {
  return new RegistryError('DIGEST_INVALID', `the bytes are not those of "${digest}"`);
}

/** One answer for every session that cannot be gone on with, so that nobody learns whose it is. */
export function uploadUnknown(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'there is no such upload: start it again');
}

/** None of the specification's codes is about a query; this one says at least that it is not served. */
export function badRequest(message: string): RegistryError {
  return new RegistryError('UNSUPPORTED', message, { status: 400 });
}
