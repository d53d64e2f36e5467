// SPDX-License-Identifier: Apache-2.0
import type { RangeEntry } from '../core/net/range-feeds/range-feed.ts';
import type { RangeCopies } from './copies.ts';
import { feedFile, parseFeed, type RangeFeed } from './feed-files.ts';

export interface KeptCopy {
  readonly text: string;
  readonly entries: readonly RangeEntry[];
  /** False for the one before it, which counts when somebody damaged the current one. */
  readonly isCurrent: boolean;
}

/** The copy before the current one: for looking at what changed, and for going back. */
export function previousFile(feed: RangeFeed): string {
  return `${feedFile(feed)}.previous`;
}

/** What a new copy is measured by. Undefined when there is none that can be read. */
export async function lastGoodCopy(
  copies: RangeCopies,
  feed: RangeFeed,
): Promise<KeptCopy | undefined> {
  for (const file of [feedFile(feed), previousFile(feed)]) {
    const text = await copies.read(file);
    const result = text === undefined ? undefined : parseFeed(feed, text);
    if (text !== undefined && result?.ok === true) {
      return { text, entries: result.entries, isCurrent: file === feedFile(feed) };
    }
  }
  return undefined;
}

/**
 * Goes back to the copy before, or to none: a copy with which the front does not serve would keep it from
 * starting again.
 */
export async function undoUpdate(copies: RangeCopies, feed: RangeFeed): Promise<void> {
  const text = await copies.read(previousFile(feed));
  if (text === undefined) await copies.remove(feedFile(feed));
  else await copies.write(feedFile(feed), text);
}
