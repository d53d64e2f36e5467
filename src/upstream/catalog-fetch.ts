// SPDX-License-Identifier: Apache-2.0
import {
  CATALOG_PATH,
  namesBelow,
  nextCatalogPage,
  parseCatalogPage,
} from '../core/routing/catalog-page.ts';
import type { UpstreamClient, UpstreamDocument } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

export interface CatalogLimits {
  /** Below the prefix. */
  readonly names: number;
  readonly pages: number;
  readonly pageBytes: number;
  /** Milliseconds for all pages together. */
  readonly deadline: number;
}

const LIMITS: CatalogLimits = {
  names: 100_000,
  pages: 10_000,
  pageBytes: 4_194_304,
  deadline: 120_000,
};

export interface CatalogQuestion {
  /** Names are those below it; empty, or with a slash at the end. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly limits?: Partial<CatalogLimits>;
}

export interface CatalogNames {
  /** Without the prefix. */
  readonly names: ReadonlySet<string>;
  readonly skipped: number;
}

/** As many as registries give at most; those that give fewer say where the next are. */
const FIRST_PAGE = '?n=1000';

/**
 * Reads all pages of a registry's catalogue, or fails with an UpstreamError: whoever gets a part of it would take
 * the rest for repositories that do not exist.
 */
export async function fetchCatalog(
  client: UpstreamClient,
  { prefix, signal, limits: given }: CatalogQuestion,
): Promise<CatalogNames> {
  const limits = { ...LIMITS, ...given };
  const within = AbortSignal.any([signal, AbortSignal.timeout(limits.deadline)]);
  const names = new Set<string>();
  let skipped = 0;
  const asked = new Set<string>();
  let query: string | undefined = FIRST_PAGE;
  while (query !== undefined) {
    asked.add(query);
    const options = { query, accept: 'application/json', signal: within };
    const answer = await client.get(CATALOG_PATH, { ...options, maxBytes: limits.pageBytes });
    const found = namesBelow(prefix, pageOf(answer, client));
    for (const name of found.own) names.add(name);
    skipped += found.skipped;
    query = nextQuery(answer, client);
    if (names.size > limits.names || asked.size > limits.pages) throw endless(client);
    if (query !== undefined && asked.has(query)) throw endless(client);
  }
  return { names, skipped };
}

function pageOf(answer: UpstreamDocument | undefined, { origin }: UpstreamClient) {
  if (answer === undefined)
    throw badAnswer(`"${origin}" has no catalogue: its repositories have to be named one by one`);
  const page = parseCatalogPage(decodeUtf8(answer.bytes) ?? '');
  if (page === undefined) throw badAnswer(`"${origin}" answered with what is no catalogue`);
  return page;
}

function nextQuery(
  answer: UpstreamDocument | undefined,
  { origin }: UpstreamClient,
): string | undefined {
  const next = nextCatalogPage(answer?.header('link') ?? '', origin);
  switch (next.kind) {
    case 'none':
      return undefined;
    case 'page':
      return next.query;
    case 'elsewhere':
      throw badAnswer(`the catalogue of "${origin}" goes on where it does not belong`);
  }
}

function badAnswer(message: string): UpstreamError {
  return new UpstreamError('bad-answer', message);
}

function endless({ origin }: UpstreamClient): UpstreamError {
  return new UpstreamError('too-large', `the catalogue of "${origin}" is too long, or has no end`);
}
