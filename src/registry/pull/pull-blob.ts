// SPDX-License-Identifier: Apache-2.0

import { contentHeaders, IMMUTABLE } from '../../core/oci/content-headers.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { isNotModified, isRangeCurrent } from '../../core/oci/entity-tag.ts';
import { parseRange } from '../../core/oci/range.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HeaderList, HttpAnswer, HttpRequest } from '../../protocol/http.ts';
import type { ByteRange } from '../../storage/driver.ts';
import { type BlobPlace, isLinked, openBlob, statBlob } from '../store/blob-store.ts';
import { blobKey } from '../store/layout.ts';
import { bytesOf } from '../store/small-object.ts';
import { unknownError } from './unknown-error.ts';

/** Up to here a body is sent whole, in the same turn as its headers. */
const SMALL = 64 * 1024;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs */
export async function pullBlob(
  place: BlobPlace,
  request: HttpRequest,
  /** That a link into the store is good for; undefined when bytes are sent from here. */
  seconds?: number,
): Promise<HttpAnswer> {
  const { digest } = place;
  if (request.method === 'GET' && seconds !== undefined && !isKnown(request, digest)) {
    const redirect = await redirectInto(place, seconds);
    if (redirect !== undefined) return redirect;
  }
  if (request.method === 'GET' && !isConditional(request)) return send(place, request);
  const info = await statBlob(place);
  if (info === undefined) throw await unknownError({ ...place, request }, 'BLOB_UNKNOWN', digest);
  if (isNotModified(request.header('if-none-match'), digest)) {
    return { status: 304, headers: contentHeaders(digest, IMMUTABLE) };
  }
  if (request.method === 'GET')
    return send(place, request, requestedRange(request, place, info.size));
  return { status: 200, headers: [...blobHeaders(place), 'Content-Length', String(info.size)] };
}

/** Whether whoever asks has it. */
function isKnown(request: HttpRequest, digest: Digest): boolean {
  return isNotModified(request.header('if-none-match'), digest);
}

/** To where the bytes are; undefined when the store cannot give them to clients. */
async function redirectInto(place: BlobPlace, seconds: number): Promise<HttpAnswer | undefined> {
  const { storage, digest } = place;
  if (storage.directUrl === undefined) return undefined;
  if (!(await isLinked(place))) throw await unknownError(place, 'BLOB_UNKNOWN', digest);
  const url = await storage.directUrl(blobKey(digest), { method: 'GET', seconds });
  // The link is for whoever asked, and over soon.
  const headers = [...contentHeaders(digest, ['Cache-Control', 'no-store']), 'Location', url];
  return { status: 307, headers };
}

/** Whether the answer depends on more than the blob; the usual pull needs no look ahead. */
function isConditional(request: HttpRequest): boolean {
  return request.header('range') !== undefined || request.header('if-none-match') !== undefined;
}

/** Undefined for all of it. */
function requestedRange(
  request: HttpRequest,
  { digest }: BlobPlace,
  size: number,
): ByteRange | undefined {
  if (!isRangeCurrent(request.header('if-range'), digest)) return undefined;
  const range = parseRange(request.header('range'), size);
  if (range.kind === 'part') return range;
  if (range.kind === 'whole') return undefined;
  throw new RegistryError('SIZE_INVALID', `no such range: the blob has ${size} bytes`, {
    status: 416,
    headers: ['Content-Range', `bytes */${size}`],
  });
}

async function send(
  place: BlobPlace,
  request: HttpRequest,
  range?: ByteRange,
): Promise<HttpAnswer> {
  const found = await openBlob(place, range, request.signal);
  if (found === undefined) throw await unknownError(place, 'BLOB_UNKNOWN', place.digest);
  const { size } = found.info;
  const length = range === undefined ? size : range.last - range.first + 1;
  const body = length > SMALL ? (found.lent ?? found.body) : await bytesOf(found);
  const headers = [...blobHeaders(place), 'Content-Length', String(length)];
  if (range === undefined) return { status: 200, headers, body };
  const contentRange = ['Content-Range', `bytes ${range.first}-${range.last}/${size}`];
  return { status: 206, headers: [...headers, ...contentRange], body };
}

function blobHeaders({ digest }: BlobPlace): HeaderList {
  const type = ['Content-Type', 'application/octet-stream'];
  return [...contentHeaders(digest, IMMUTABLE), ...type, 'Accept-Ranges', 'bytes'];
}
