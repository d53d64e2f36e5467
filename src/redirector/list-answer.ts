// SPDX-License-Identifier: Apache-2.0

import type { RouteDecision } from '../core/routing/decide-route.ts';
import {
  isReferrersList,
  type ListNames,
  rewriteLinks,
  rewriteTags,
} from '../core/routing/rewrite-list.ts';
import type { HeaderList, HttpAnswer } from '../protocol/http.ts';

/** Which list a client asked for, of which upstream, under which name of ours. */
export type ListRequest = Extract<RouteDecision, { kind: 'fetch-list' }>;

/** A list as its upstream answered it, with status 200. */
export interface FetchedList {
  /** `name` in lower case. */
  header(name: string): string | undefined;
  readonly bytes: Uint8Array;
}

/** What each list is, https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery */
export const MEDIA_TYPE_OF_LIST = {
  tags: 'application/json',
  referrers: 'application/vnd.oci.image.index.v1+json',
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
  if (essenceOf(header('content-type')) !== mediaType) return undefined;
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

/** A media type without its parameters. */
function essenceOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function namesOf({ upstream, repository, path }: ListRequest): ListNames {
  const upstreamRepository = upstream.repositoryPrefix + repository;
  return { upstreamUrl: upstream.url, upstreamRepository, repository, path };
}

/** Referrers keep their bytes: they name no repository. */
function bodyOf({ list, repository }: ListRequest, bytes: Uint8Array): Uint8Array | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  if (list === 'referrers') return isReferrersList(text) ? bytes : undefined;
  const rewritten = rewriteTags(text, repository);
  return rewritten === undefined ? undefined : new TextEncoder().encode(rewritten);
}

/** Undefined for bytes that are no UTF-8: decoding them loosely would change what the client gets. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
