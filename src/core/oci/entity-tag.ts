// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.ts';

/** Content under a digest never changes: its digest is its strong entity tag. */
export function entityTagOf(digest: Digest): string {
  return `"${digest}"`;
}

/**
 * Whether If-None-Match names what we would send. Compared weakly, as RFC 9110 section 13.1.2 asks: proxies
 * that compress turn our tags into weak ones.
 */
export function isNotModified(header: string | undefined, digest: Digest): boolean {
  if (header === undefined) return false;
  const names = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return names.includes('*') || names.includes(entityTagOf(digest));
}

/** Whether a Range still means what the client has the rest of (If-Range, RFC 9110 section 13.1.5). */
export function isRangeCurrent(header: string | undefined, digest: Digest): boolean {
  return header === undefined || header === entityTagOf(digest);
}
