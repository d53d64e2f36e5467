// SPDX-License-Identifier: Apache-2.0

import { CHANGING, contentHeaders, IMMUTABLE } from '../../core/oci/content-headers.ts';
import { isNotModified } from '../../core/oci/entity-tag.ts';
import type { Reference } from '../../core/oci/reference.ts';
import type { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpAnswer, HttpRequest } from '../../protocol/http.ts';
import { findManifest, readManifest } from '../store/find-manifest.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { unknownError } from './unknown-error.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export async function pullManifest(
  place: RepositoryPlace,
  reference: Reference,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const found = await findManifest(place, reference);
  if (found === undefined) throw await manifestUnknown({ ...place, request }, reference);
  const { digest, mediaType, size } = found;
  const identity = contentHeaders(digest, reference.kind === 'tag' ? CHANGING : IMMUTABLE);
  if (isNotModified(request.header('if-none-match'), digest)) {
    return { status: 304, headers: identity };
  }
  const headers = [...identity, 'Content-Type', mediaType, 'Content-Length', String(size)];
  if (request.method === 'HEAD') return { status: 200, headers };
  const body = await readManifest(place, found);
  if (body === undefined) throw await manifestUnknown(place, reference);
  return { status: 200, headers, body };
}

export function manifestUnknown(
  place: Parameters<typeof unknownError>[0],
  reference: Reference,
): Promise<RegistryError> {
  const shown = reference.kind === 'tag' ? reference.tag : reference.digest;
  return unknownError(place, 'MANIFEST_UNKNOWN', shown);
}
