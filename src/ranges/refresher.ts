// SPDX-License-Identifier: Apache-2.0
import { shareMoved } from '../core/net/range-diff.ts';
import type { GuardLimits } from '../core/net/range-guard.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { RangeCopies } from './copies.ts';
import { feedFile, feedName } from './feed-files.ts';
import { fingerprint, readState } from './feed-state.ts';
import type { FeedSource } from './feed-urls.ts';
import { type RefreshOutcome, type RefreshPorts, refreshFeeds } from './refresh.ts';
import { firstDelay, nextDelay } from './refresh-schedule.ts';

export interface RefresherSettings {
  /** Milliseconds between two refreshes; undefined for never. */
  readonly interval: number | undefined;
  readonly sources: readonly FeedSource[];
  readonly guard: GuardLimits;
  readonly copies: RangeCopies;
}

export interface RefresherPorts {
  /** As of now: a reload may change them. */
  readonly settings: () => RefresherSettings;
  readonly fetch: RefreshPorts['fetch'];
  /** Has the copies served that are there now. Rejects when they cannot be; the old ones then are. */
  readonly rebuild: () => Promise<void>;
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Refresher {
  /** To be called whenever copies were read for serving: from here on a copy that differs is news. */
  restart(): void;
  close(): void;
}

interface KnownCopy {
  /** Its fingerprint; undefined while there is none. */
  readonly copy: string | undefined;
  /** When the provider last confirmed it; undefined for one that was not fetched by us. */
  readonly checked: number | undefined;
}

/** Refreshes feeds beside everything else: nothing waits for it, and its timer keeps no process alive. */
export function startRefresher(ports: RefresherPorts): Refresher {
  const { settings, now, random, log } = ports;
  const served = new Map<string, KnownCopy>();
  let timer: NodeJS.Timeout | undefined;
  // Whatever was begun before the last restart schedules nothing any more.
  let turn = 0;
  let isClosed = false;

  async function begin(): Promise<void> {
    const mine = endTurn();
    const { interval, sources, copies } = settings();
    served.clear();
    if (interval === undefined) return;
    for (const source of sources) {
      served.set(feedName(source.feed), await knownCopy(copies, source, log));
    }
    const ages = sources
      .filter(({ url }) => url !== undefined)
      .map(({ feed }) => ageOf(served.get(feedName(feed)), now()));
    if (mine === turn) schedule(firstDelay(ages, { interval, chance: random() }), mine);
  }

  function schedule(delay: number, mine: number): void {
    timer = setTimeout(() => void round(mine), delay).unref();
  }

  async function round(mine: number): Promise<void> {
    const { interval, sources, guard, copies } = settings();
    const outcomes = await refreshFeeds(sources, guard, { fetch: ports.fetch, copies, now });
    if (isClosed || interval === undefined) return;
    for (const outcome of outcomes) logOutcome(outcome, log);
    await serve(outcomes);
    const hasFailed = outcomes.some(({ kind }) => kind === 'failed');
    if (mine === turn) schedule(nextDelay(hasFailed, { interval, chance: random() }), mine);
  }

  /** Another process may have put the copy there: what counts is whether it is the one that is served. */
  async function serve(outcomes: readonly RefreshOutcome[]): Promise<void> {
    const good = outcomes.filter((outcome) => 'copy' in outcome);
    // What this round wrote may be news even when it is known: a restart may have read it meanwhile.
    const isNew = good.some(
      ({ kind, feed, copy }) => kind === 'updated' || served.get(feed)?.copy !== copy,
    );
    try {
      if (isNew) await ports.rebuild();
      for (const { feed, copy } of good) served.set(feed, { copy, checked: now() });
    } catch (error) {
      log.error('cloud-ranges-refused', error);
    }
  }

  function endTurn(): number {
    clearTimeout(timer);
    turn += 1;
    return turn;
  }

  exposeAges(ports.metrics, () => served, now);
  void begin();
  return {
    restart: () => void begin(),
    close() {
      isClosed = true;
      endTurn();
    },
  };
}

async function knownCopy(copies: RangeCopies, { feed }: FeedSource, log: Log): Promise<KnownCopy> {
  try {
    const [text, state] = await Promise.all([copies.read(feedFile(feed)), readState(copies, feed)]);
    const copy = text === undefined ? undefined : fingerprint(text);
    return { copy, checked: copy === state?.sha256 ? state?.checked : undefined };
  } catch (error) {
    log.error('cloud-ranges-failed', error, { feed: feedName(feed) });
    return { copy: undefined, checked: undefined };
  }
}

function ageOf(known: KnownCopy | undefined, now: number): number | undefined {
  return known?.checked === undefined ? undefined : now - known.checked;
}

function logOutcome(outcome: RefreshOutcome, log: Log): void {
  const { kind, feed } = outcome;
  if (kind === 'refused') log.warn('cloud-ranges-refused', { feed, reasons: outcome.reasons });
  if (kind === 'failed') log.error('cloud-ranges-failed', outcome.error, { feed });
  if (kind === 'updated') {
    const { entries, diff } = outcome;
    const moved = diff && { ipv4: shareMoved(diff.ipv4), ipv6: shareMoved(diff.ipv6) };
    log.info('cloud-ranges-refreshed', { feed, entries, moved });
  }
}

function exposeAges(
  metrics: Metrics,
  served: () => ReadonlyMap<string, KnownCopy>,
  now: () => number,
): void {
  const help = 'Seconds since the provider of a feed last confirmed the copy that is served.';
  metrics.gauge('archeion_cloud_ranges_age_seconds', help, () =>
    [...served()].flatMap(([feed, { checked }]) =>
      checked === undefined ? [] : [{ labels: { feed }, value: (now() - checked) / 1_000 }],
    ),
  );
}
