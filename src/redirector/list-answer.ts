// SPDX-License-Identifier: Apache-2.0
import { parseManifest } from '../core/oci/manifest.ts';
import { OCI_INDEX, parseMediaType } from '../core/oci/media-type.ts';
import { type ListNames, rewriteLinks, rewriteTags } from '../core/routing/rewrite-list.ts';
import type { FetchList } from '../core/routing/route-plan.ts';
import type { HeaderList, HttpAnswer } from '../protocol/http.ts';
import { decodeUtf8 } from '../upstream/utf8.ts';

/** Which list a client asked for, of which upstream, under which name of ours. */
export type ListRequest = FetchList;

/** A list as its upstream answered it, with status 200. */
export interface FetchedList {
  /** `name` in lower case. */
  header(name: string): string | undefined;
  readonly bytes: Uint8Array;
}

/** What each list is, https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery */
export const MEDIA_TYPE_OF_LIST = {
  tags: 'application/json',
  referrers: OCI_INDEX,
} as const;

/** The upstream's list under our name, or undefined when it is not what it should be. */
export function listAnswer(request: ListRequest, fetched: FetchedList): HttpAnswer | undefined {
  const headers = headersOf(request, fetched);
  const body = headers === undefined ? undefined : bodyOf(request, fetched.bytes);
  if (headers === undefined || body === undefined) return undefined;
  return { status: 200, headers, body, facts: { by: request.upstream.name, reason: 'list' } };
}

function headersOf(request: ListRequest, { header }: FetchedList): HeaderList | undefined {
  const mediaType = MEDIA_TYPE_OF_LIST[request.list];
  if (parseMediaType(header('content-type') ?? '') !== mediaType) return undefined;
  const headers = ['Content-Type', mediaType];
  const link = header('link');
  if (link !== undefined) {
    const rewritten = rewriteLinks(link, namesOf(request));
    if (rewritten === undefined) return undefined;
    headers.push('Link', rewritten);
  }
  const filters = header('oci-filters-applied');
  if (filters !== undefined) {
    if (!FILTERS.test(filters)) return undefined;
    headers.push('OCI-Filters-Applied', filters);
  }
  return headers;
}

/** Names of filters, with commas: nothing that a header of ours could not hold. */
const FILTERS = /^[\w\-.]+(?:[ ,]+[\w\-.]+)*$/;

function namesOf({ upstream, repository, path }: ListRequest): ListNames {
  const upstreamRepository = upstream.repositoryPrefix + repository;
  return { upstreamUrl: upstream.url, upstreamRepository, repository, path };
}

/** Referrers keep their bytes: they name no repository. */
function bodyOf({ list, repository }: ListRequest, bytes: Uint8Array): Uint8Array | undefined {
  const text = decodeUtf8(bytes);
  if (text === undefined) return undefined;
  if (list === 'referrers') return parseManifest(text, OCI_INDEX).ok ? bytes : undefined;
  const rewritten = rewriteTags(text, repository);
  return rewritten === undefined ? undefined : new TextEncoder().encode(rewritten);
}
