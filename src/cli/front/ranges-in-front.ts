// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { folderCopies } from '../../ranges/copies.ts';
import type { Refresher } from '../../ranges/refresher.ts';
import type { FrontReplacement } from './front-replacement.ts';
import { rangeSettings } from './ranges-settings.ts';

export interface FreshRanges {
  /** To be called after a reload: feeds and their folder may be others. */
  restart(): Promise<void>;
  close(): void;
}

export interface FreshRangesPorts {
  readonly replacement: Pick<FrontReplacement, 'current' | 'rebuild'>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Puts feeds that changed into service. */
export function keepRangesFresh({ replacement, log, metrics }: FreshRangesPorts): FreshRanges {
  const stopped = new AbortController();
  let opening: Promise<Refresher> | undefined;
  const open = async () => {
    const { startRefresher } = await import('../../ranges/refresher.ts');
    return startRefresher({
      settings() {
        const { folder, sources, guard, refresh } = rangeSettings(replacement.current());
        return { interval: refresh, sources, guard, copies: folderCopies(folder) };
      },
      async fetch(url, { etag }) {
        const { fetchFeed } = await import('../../upstream/feed-fetch.ts');
        return fetchFeed(url, { etag, signal: stopped.signal });
      },
      rebuild: replacement.rebuild,
      now: Date.now,
      random: Math.random,
      log,
      metrics,
    });
  };
  const begin = async () => {
    if (opening !== undefined) return (await opening).restart();
    // A front that never refreshes does not load what it takes.
    if (replacement.current().config.cloudRanges.refresh !== undefined) opening = open();
  };
  void begin();
  return {
    restart: begin,
    close() {
      stopped.abort();
      void opening?.then((refresher) => refresher.close());
    },
  };
}
