// SPDX-License-Identifier: Apache-2.0
import { CHANGING, contentHeaders, IMMUTABLE } from '../core/oci/content-headers.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import { isNotModified } from '../core/oci/entity-tag.ts';
import { ACCEPT_MANIFESTS, parseMediaType } from '../core/oci/media-type.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { HeaderList, HttpAnswer, HttpRequest } from '../protocol/http.ts';
import { requireBytesOf } from '../upstream/manifest-check.ts';
import type { UpstreamHead } from '../upstream/upstream-client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { lengthOf } from './proxied-blob.ts';
import type { ProxyFetch } from './proxy-fetch.ts';

/**
 * The whole manifest is checked before its first byte is sent.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export async function fetchManifest(
  reference: Reference,
  { client, path, request, signal }: ProxyFetch,
): Promise<HttpAnswer | undefined> {
  const options = { accept: acceptOf(request), signal };
  if (request.method === 'HEAD') {
    // Registries count a GET as a pull, so clients that only look where a tag stands ask by HEAD.
    const head = await client.head(path, options);
    if (head === undefined) return undefined;
    const [digest, length] = [claimedDigest(head), lengthOf(head)];
    if (reference.kind === 'digest' && digest !== undefined && digest !== reference.digest) {
      throw new UpstreamError('wrong-digest', `"${path}" was answered with another digest`);
    }
    if (digest !== undefined && length.length > 0) {
      return { status: 200, headers: [...headersOf(head, reference, digest), ...length] };
    }
  }
  const found = await client.get(path, options);
  if (found === undefined) return undefined;
  const digest = requireBytesOf(found.bytes, expectedDigest(reference, found), `"${path}"`);
  const headers = headersOf(found, reference, digest);
  if (isNotModified(request.header('if-none-match'), digest)) return { status: 304, headers };
  return { status: 200, headers, body: found.bytes };
}

/** Only asked when the list itself could not be passed on: whether there is one decides between 404 and 502. */
export async function fetchList({
  client,
  path,
  signal,
}: ProxyFetch): Promise<HttpAnswer | undefined> {
  if ((await client.get(path, { signal })) === undefined) return undefined;
  throw new UpstreamError('bad-answer', 'a list came in a form that cannot be passed on');
}

/** The client's own, when it is one that may be sent on as it is. */
function acceptOf(request: HttpRequest): string {
  const accept = request.header('accept');
  return accept !== undefined && /^[\x20-\x7e]{1,4096}$/.test(accept) ? accept : ACCEPT_MANIFESTS;
}

function claimedDigest({ header }: UpstreamHead): Digest | undefined {
  return parseDigest(header('docker-content-digest') ?? '');
}

/** Behind a tag what the upstream says it sends: should the bytes be others, they were changed on their way. */
function expectedDigest(reference: Reference, head: UpstreamHead): Digest | undefined {
  return reference.kind === 'digest' ? reference.digest : claimedDigest(head);
}

function headersOf(head: UpstreamHead, reference: Reference, digest: Digest): HeaderList {
  const mediaType = parseMediaType(head.header('content-type') ?? '');
  if (mediaType === undefined) {
    throw new UpstreamError('bad-answer', 'a manifest was sent without a media type');
  }
  const caching = reference.kind === 'digest' ? IMMUTABLE : CHANGING;
  return [...contentHeaders(digest, caching), 'Content-Type', mediaType];
}
