// SPDX-License-Identifier: Apache-2.0
import { API_VERSION, CHANGING } from '../../core/oci/content-headers.ts';
import { formatNextLink } from '../../core/oci/link-header.ts';
import { type ListPage, parseListPage } from '../../core/oci/list-page.ts';
import { type ListQuery, parseListQuery } from '../../core/oci/list-page-query.ts';
import type { HeaderList } from '../../protocol/http.ts';
import { badRequest } from '../store/refusals.ts';

export function listHeaders(contentType: string): HeaderList {
  return [...API_VERSION, ...CHANGING, 'Content-Type', contentType];
}

export function nextLink(
  path: string,
  parameters: { readonly last: string | undefined } & Readonly<Record<string, string | undefined>>,
): HeaderList {
  if (parameters.last === undefined) return [];
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`);
  return ['Link', formatNextLink(`${path}?${query.join('&')}`)];
}

export function requireQuery(query: string): ListQuery {
  const parameters = parseListQuery(query);
  if (parameters !== undefined) return parameters;
  throw badRequest('malformed query: each parameter once, percent-encoded');
}

export function requirePage(parameters: ListQuery): ListPage {
  const page = parseListPage(parameters);
  if (page !== undefined) return page;
  throw badRequest('malformed n: expected a number in plain digits');
}
