// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.ts';
import { entityTagOf } from './entity-tag.ts';

/** Names and values in turn. */
type HeaderList = readonly string[];

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#legacy-docker-support-http-headers */
export const API_VERSION: HeaderList = ['Docker-Distribution-Api-Version', 'registry/2.0'];

/** To be asked again every time. */
export const CHANGING: HeaderList = ['Cache-Control', 'no-cache'];

/** Not `public`: what was pulled with credentials is nobody else's to keep. */
export const IMMUTABLE: HeaderList = ['Cache-Control', 'max-age=31536000, immutable'];

/** What identifies content, whether it is sent or not. */
export function contentHeaders(digest: Digest, caching: HeaderList): HeaderList {
  return [
    ...API_VERSION,
    ...caching,
    'Docker-Content-Digest',
    digest,
    'ETag',
    entityTagOf(digest),
    // Anybody who may push could otherwise serve pages in this name.
    'X-Content-Type-Options',
    'nosniff',
  ];
}
