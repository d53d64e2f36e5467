// SPDX-License-Identifier: Apache-2.0
import type { ListQuery } from './list-page-query.ts';

/** One page of a list: at most `limit` entries, all of them after `last` in byte order. */
export interface ListPage {
  readonly limit: number;
  readonly last?: string;
}

/**
 * However many are asked for: memory for a page is spent before its entries are known (CVE-2023-2253). Object
 * stores list a thousand keys at once, and one more than the page has says whether there is another page.
 */
export const LONGEST_PAGE = 999;

/**
 * Reads `n` and `last`; undefined when `n` is no number in plain digits.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function parseListPage(query: ListQuery): ListPage | undefined {
  const wanted = query.get('n');
  if (wanted !== undefined && !/^\d+$/.test(wanted)) return undefined;
  const limit = wanted === undefined ? LONGEST_PAGE : Math.min(Number(wanted), LONGEST_PAGE);
  const last = query.get('last') ?? '';
  return last === '' ? { limit } : { limit, last };
}

export interface CutPage<T> {
  readonly entries: readonly T[];
  /** What the next page comes after; undefined when there is none. */
  readonly next?: T;
}

/** Cuts a list that was read one entry further than its page, which tells whether more follow. */
export function cutPage<T>(found: readonly T[], limit: number): CutPage<T> {
  const entries = found.slice(0, limit);
  const next = entries.at(-1);
  return found.length > limit && next !== undefined ? { entries, next } : { entries };
}
