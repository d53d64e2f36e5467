// SPDX-License-Identifier: Apache-2.0
import { shareMoved } from '../core/net/range-diff.ts';
import type { Log } from '../log.ts';
import type { RangeCopies } from './copies.ts';
import { feedFile, feedName, type RangeFeed } from './feed-files.ts';
import { fingerprint, readState } from './feed-state.ts';
import type { FeedSource } from './feed-urls.ts';
import { undoUpdate } from './last-good-copy.ts';
import type { RefreshOutcome, UpdatedFeed } from './refresh.ts';

export interface ServedCopiesPorts {
  /** Has the copies served that are there now. Rejects when they cannot be; the old ones then are. */
  readonly rebuild: () => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

export interface FeedFolder {
  readonly sources: readonly FeedSource[];
  readonly copies: RangeCopies;
}

/** Which copies the front serves, as against those that are in the folder. */
export interface ServedCopies {
  /** Takes the copies that are in the folder for those that are served. */
  take(folder: FeedFolder): Promise<void>;
  /** Puts what a refresh brought into service, or takes it back. */
  serve(outcomes: readonly RefreshOutcome[], folder: FeedFolder): Promise<void>;
  /** Milliseconds since the provider confirmed a copy; undefined for none, or one that was not fetched by us. */
  age(feed: RangeFeed): number | undefined;
}

interface ServedCopy {
  /** Its fingerprint; undefined while there is none. */
  readonly copy: string | undefined;
  /** When the provider last confirmed it. */
  readonly checked: number | undefined;
}

export function servedCopies({ rebuild, now, log }: ServedCopiesPorts): ServedCopies {
  const served = new Map<string, ServedCopy>();

  async function undo(outcomes: readonly RefreshOutcome[], folder: FeedFolder): Promise<void> {
    const updated = outcomes.filter(({ kind }) => kind === 'updated').map(({ feed }) => feed);
    const feeds = folder.sources.map(({ feed }) => feed);
    for (const feed of feeds.filter((feed) => updated.includes(feedName(feed)))) {
      await undoUpdate(folder.copies, feed).catch((error: unknown) =>
        log.error('cloud-ranges-failed', error, { feed: feedName(feed) }),
      );
    }
  }

  return {
    async take({ sources, copies }) {
      for (const { feed } of sources) {
        served.set(feedName(feed), await servedCopy(copies, feed, log));
      }
    },
    async serve(outcomes, folder) {
      const good = outcomes.filter((outcome) => 'copy' in outcome);
      // Another process may have put a copy there. And what was updated is news even when it is known: it may
      // have been taken for served while it came.
      const isNew = good.some(
        ({ kind, feed, copy }) => kind === 'updated' || served.get(feed)?.copy !== copy,
      );
      try {
        if (isNew) await rebuild();
      } catch (error) {
        log.error('cloud-ranges-refused', error);
        return undo(outcomes, folder);
      }
      for (const outcome of good) {
        served.set(outcome.feed, { copy: outcome.copy, checked: now() });
        if (outcome.kind === 'updated') logUpdate(outcome, log);
      }
    },
    age(feed) {
      const checked = served.get(feedName(feed))?.checked;
      return checked === undefined ? undefined : now() - checked;
    },
  };
}

async function servedCopy(copies: RangeCopies, feed: RangeFeed, log: Log): Promise<ServedCopy> {
  try {
    const [text, state] = await Promise.all([copies.read(feedFile(feed)), readState(copies, feed)]);
    const copy = text === undefined ? undefined : fingerprint(text);
    return { copy, checked: copy === state?.sha256 ? state?.checked : undefined };
  } catch (error) {
    log.error('cloud-ranges-failed', error, { feed: feedName(feed) });
    return { copy: undefined, checked: undefined };
  }
}

function logUpdate({ feed, entries, diff }: UpdatedFeed, log: Log): void {
  const moved = diff && { ipv4: shareMoved(diff.ipv4), ipv6: shareMoved(diff.ipv6) };
  log.info('cloud-ranges-refreshed', { feed, entries, moved });
}
