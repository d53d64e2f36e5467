// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { folderCopies } from '../ranges/copies.ts';
import type { Refresher } from '../ranges/refresher.ts';
import type { FrontState } from './front-state.ts';
import { oneAfterAnother } from './in-turn.ts';
import type { LoadedConfig } from './load-config.ts';
import { rangeSettings } from './ranges-settings.ts';

export interface FreshRanges {
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  close(): void;
}

export interface FreshRangesPorts {
  readonly state: Pick<FrontState, 'replace'>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Puts feeds that changed into service, in turn with reloads: neither brings back what the other replaced. */
export function keepRangesFresh(
  loaded: LoadedConfig,
  { state, log, metrics }: FreshRangesPorts,
): FreshRanges {
  let current = loaded;
  const inTurn = oneAfterAnother();
  const stopped = new AbortController();
  let opening: Promise<Refresher> | undefined;
  const open = async () => {
    const { startRefresher } = await import('../ranges/refresher.ts');
    return startRefresher({
      settings() {
        const { folder, sources, guard, refresh } = rangeSettings(current);
        return { interval: refresh, sources, guard, copies: folderCopies(folder) };
      },
      async fetch(url, { etag }) {
        const { fetchFeed } = await import('../upstream/feed-fetch.ts');
        return fetchFeed(url, { etag, signal: stopped.signal });
      },
      rebuild: () => inTurn(() => state.replace(current)),
      now: Date.now,
      random: Math.random,
      log,
      metrics,
    });
  };
  const begin = async () => {
    if (opening !== undefined) return (await opening).restart();
    // A front that never refreshes does not load what it takes.
    if (current.config.cloudRanges.refresh !== undefined) opening = open();
  };
  void begin();
  return {
    async reload(next) {
      await inTurn(async () => {
        await state.replace(next);
        current = next;
      });
      await begin();
    },
    close() {
      stopped.abort();
      void opening?.then((refresher) => refresher.close());
    },
  };
}
