// SPDX-License-Identifier: Apache-2.0
import type { WriteOptions } from '../driver.ts';
import type { GcsObject } from './gcs-store.ts';

/** What is told of an object that is written, as Google describes one. */
export function resourceOf(
  { name }: GcsObject,
  nonce: string,
  { contentType, cacheControl }: WriteOptions,
): string {
  return JSON.stringify({
    name,
    metadata: { nonce },
    contentType: contentType ?? 'application/octet-stream',
    ...(cacheControl !== undefined && { cacheControl }),
  });
}
