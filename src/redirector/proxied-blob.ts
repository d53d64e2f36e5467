// SPDX-License-Identifier: Apache-2.0
import { contentHeaders, IMMUTABLE } from '../core/oci/content-headers.ts';
import type { Digest } from '../core/oci/digest.ts';
import { isRangeCurrent } from '../core/oci/entity-tag.ts';
import { parseRange } from '../core/oci/range.ts';
import type { HeaderList, HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { UpstreamHead, UpstreamStream } from '../upstream/upstream-client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { type BodyWatch, begun, lastingBody } from './lasting-body.ts';
import type { ProxyFetch } from './proxy-fetch.ts';
import { withheldTail } from './withheld-tail.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs */
export async function fetchBlob(
  digest: Digest,
  { client, path, request, signal, watch }: ProxyFetch,
): Promise<HttpAnswer | undefined> {
  if (request.method === 'HEAD') {
    const head = await client.head(path, { signal });
    return head && { status: 200, headers: [...headersOf(digest), ...requiredLength(head)] };
  }
  const range = rangeOf(request, digest);
  const stream = await client.stream(path, { range, signal });
  if (stream === undefined) return undefined;
  refuseEncoded(stream);
  if (stream.status === 206) return partAnswer(stream, { digest, range, watch });
  const body = await begun(lastingBody(withheldTail(stream.body, digest), watch));
  return { status: 200, headers: [...headersOf(digest), ...lengthOf(stream)], body };
}

function headersOf(digest: Digest): HeaderList {
  const type = ['Content-Type', 'application/octet-stream', 'Accept-Ranges', 'bytes'];
  return [...contentHeaders(digest, IMMUTABLE), ...type];
}

export function lengthOf({ header }: UpstreamHead): HeaderList {
  const length = header('content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? ['Content-Length', length] : [];
}

/** An answer to HEAD says nothing else, so that its length has to be there. */
function requiredLength(head: UpstreamHead): HeaderList {
  const length = lengthOf(head);
  if (length.length > 0) return length;
  throw new UpstreamError('bad-answer', 'the length of a blob was not sent');
}

/** One range, or none: what is malformed or more than one may be ignored, RFC 9110 section 14.2. */
function rangeOf(request: HttpRequest, digest: Digest): string | undefined {
  const range = request.header('range');
  if (!isRangeCurrent(request.header('if-range'), digest)) return undefined;
  return parseRange(range, Number.MAX_SAFE_INTEGER).kind === 'part' ? range : undefined;
}

interface PartPlace {
  readonly digest: Digest;
  readonly range: string | undefined;
  readonly watch: BodyWatch;
}

/** A part has no digest to be checked against, which the answer says. */
async function partAnswer(
  stream: UpstreamStream,
  { digest, range, watch }: PartPlace,
): Promise<HttpAnswer> {
  const contentRange = stream.header('content-range') ?? '';
  const [, first = '', last = '', size = ''] = CONTENT_RANGE.exec(contentRange) ?? [];
  const wanted = parseRange(range, Number(size));
  if (wanted.kind !== 'part' || `${wanted.first}-${wanted.last}` !== `${first}-${last}`) {
    throw new UpstreamError('bad-answer', 'another range was sent than the one asked for');
  }
  const length = String(wanted.last - wanted.first + 1);
  const part = [
    'Content-Range',
    contentRange,
    'Content-Length',
    length,
    'X-Archeion-Unchecked',
    'range',
  ];
  const body = await begun(lastingBody(stream.body, watch));
  return { status: 206, headers: [...headersOf(digest), ...part], body };
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/;

/** A digest is one of bytes, and nobody asked for an encoding. */
function refuseEncoded({ header }: UpstreamHead): void {
  const encoding = header('content-encoding');
  if (encoding === undefined || encoding === 'identity') return;
  throw new UpstreamError('bad-answer', 'a blob was sent in an encoding nobody asked for');
}
