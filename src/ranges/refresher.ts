// SPDX-License-Identifier: Apache-2.0
import type { GuardLimits } from '../core/net/range-guard.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { feedName } from './feed-files.ts';
import { type RefreshOutcome, type RefreshPorts, refreshFeeds } from './refresh.ts';
import { firstDelay, nextDelay } from './refresh-schedule.ts';
import { type FeedFolder, type ServedCopiesPorts, servedCopies } from './served-copies.ts';

export interface RefresherSettings extends FeedFolder {
  /** Milliseconds between two refreshes; undefined for never. */
  readonly interval: number | undefined;
  readonly guard: GuardLimits;
}

export interface RefresherPorts extends ServedCopiesPorts {
  /** As of now: a reload may change them. */
  readonly settings: () => RefresherSettings;
  readonly fetch: RefreshPorts['fetch'];
  /** 0 to 1. */
  readonly random: () => number;
  readonly metrics: Metrics;
}

export interface Refresher {
  /** To be called whenever copies were read for serving: from here on a copy that differs is news. */
  restart(): void;
  close(): void;
}

/** Refreshes feeds beside everything else: nothing waits for it, and its timer keeps no process alive. */
export function startRefresher(ports: RefresherPorts): Refresher {
  const { settings, now, random, log } = ports;
  const served = servedCopies(ports);
  let timer: NodeJS.Timeout | undefined;
  // Whatever was begun before the last restart schedules nothing any more.
  let turn = 0;
  let isClosed = false;

  async function begin(): Promise<void> {
    const mine = endTurn();
    const { interval, ...folder } = settings();
    if (interval === undefined) return;
    await served.take(folder);
    const fetched = folder.sources.filter(({ url }) => url !== undefined);
    const ages = fetched.map(({ feed }) => served.age(feed));
    schedule(firstDelay(ages, { interval, chance: random() }), mine);
  }

  function schedule(delay: number, mine: number): void {
    if (mine === turn) timer = setTimeout(() => void round(mine), delay).unref();
  }

  async function round(mine: number): Promise<void> {
    const { interval, guard, ...folder } = settings();
    const { copies, sources } = folder;
    const outcomes = await refreshFeeds(sources, guard, { fetch: ports.fetch, copies, now });
    if (isClosed || interval === undefined) return;
    for (const outcome of outcomes) logTrouble(outcome, log);
    await served.serve(outcomes, folder);
    const hasFailed = outcomes.some(({ kind }) => kind === 'failed');
    schedule(nextDelay(hasFailed, { interval, chance: random() }), mine);
  }

  function endTurn(): number {
    clearTimeout(timer);
    turn += 1;
    return turn;
  }

  const help = 'Seconds since the provider of a feed last confirmed the copy that is served.';
  ports.metrics.gauge('archeion_cloud_ranges_age_seconds', help, () =>
    settings().sources.flatMap(({ feed }) => {
      const age = served.age(feed);
      return age === undefined ? [] : [{ labels: { feed: feedName(feed) }, value: age / 1_000 }];
    }),
  );
  void begin();
  return {
    restart: () => void begin(),
    close() {
      isClosed = true;
      endTurn();
    },
  };
}

function logTrouble(outcome: RefreshOutcome, log: Log): void {
  const { kind, feed } = outcome;
  if (kind === 'refused') log.warn('cloud-ranges-refused', { feed, reasons: outcome.reasons });
  if (kind === 'failed') log.error('cloud-ranges-failed', outcome.error, { feed });
}
