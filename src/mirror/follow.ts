// SPDX-License-Identifier: Apache-2.0

import type { ChangeFeed } from './change-feed.ts';
import type { CarryOutPorts } from './fill-targets.ts';
import { writePlace } from './followed-place.ts';
import { type LookedTargets, lookAtTargets } from './look-at-targets.ts';
import { type MirrorOptions, type PreparedMirror, prepareMirror } from './mirror.ts';
import { addChange, placeToGoOn, type WaitingChanges } from './take-up.ts';

export interface FollowOptions {
  /** Its `signal` cuts everything off. */
  readonly mirror: Omit<MirrorOptions, 'changes' | 'looked' | 'isDryRun'>;
  /** Undefined for a source that does not tell what changes: then there are sweeps, and nothing in between. */
  readonly feed: ChangeFeed | undefined;
  /** Differs whenever something else is wanted of the source. */
  readonly wish: string;
  readonly copy: Omit<CarryOutPorts, 'ending'>;
  readonly concurrency: number;
  /** Milliseconds between two looks at everything. */
  readonly sweepEvery: number;
  /** Milliseconds between two looks at the feed. */
  readonly poll: number;
  /** Milliseconds to wait for more, when something has come. */
  readonly settle: number;
  /** When it is aborted what is under way comes to its end, and nothing new is begun. */
  readonly ending: AbortSignal;
  /** Ends early, without an error, when `ending` is aborted. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onBegin?: (prepared: PreparedMirror) => void;
  readonly onRound?: (round: FollowedRound) => void | Promise<void>;
}

/** What was done at once. */
export interface FollowedRound {
  /** `sweep`: everything was looked at. */
  readonly kind: 'sweep' | 'changes';
  /** Undefined when nothing could even be planned. */
  readonly prepared: PreparedMirror | undefined;
  /** Whether all targets have all that is wanted. */
  readonly isComplete: boolean;
}

export interface Follower {
  /** Resolves when it has ended. */
  readonly run: () => Promise<void>;
  /** Since when the oldest thing that is not on all targets is in the source; undefined when nothing is missing. */
  readonly oldestMissing: () => number | undefined;
}

/** Milliseconds until something that failed is tried again, doubled each time. */
const RETRY = 5_000;
const LONGEST_RETRY = 600_000;
const MINUTE = 60_000;
const MOST_WAITING = 10_000;
/** At what goes on coming: whoever pushes all the time must not keep it from being brought. */
const MOST_LOOKS = 10;

interface State {
  looked: LookedTargets | undefined;
  /** How far the feed has been read. */
  cursor: string | undefined;
  readonly waiting: WaitingChanges;
  /** What `cursor` is to be remembered with; undefined while some of what came before it is missing. */
  sweptAt: number | undefined;
  failures: number;
  /** No sweep, or nothing that failed, before this. */
  retryAt: number;
  nextSweep: number;
  incompleteSince: number | undefined;
}

/**
 * Keeps targets filled: what the feed tells of within seconds, and everything at intervals. No failure ends it. One
 * thing is done after the other, so that what it says of a target is never older than what it said before.
 */
export function follower(options: FollowOptions): Follower {
  const state: State = {
    looked: undefined,
    cursor: undefined,
    waiting: new Map(),
    sweptAt: undefined,
    failures: 0,
    retryAt: 0,
    nextSweep: 0,
    incompleteSince: undefined,
  };
  const { ending, mirror } = options;
  return {
    async run() {
      await attempt(state, options, () => resume(state, options));
      while (!ending.aborted && !mirror.signal.aborted) {
        const isDone = await attempt(state, options, () => step(state, options));
        await options.sleep(isDone ? options.poll : Math.min(retryAfter(state), MINUTE));
      }
    },
    oldestMissing: () => oldest(state),
  };
}

function oldest({ waiting, incompleteSince }: State): number | undefined {
  const times = [...waiting.values()].flatMap((digests) => [...digests.values()]);
  if (incompleteSince !== undefined) times.push(incompleteSince);
  return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
}

/** @returns whether it came to its end: the feed may be away, or where its place is remembered */
async function attempt(
  state: State,
  { mirror }: FollowOptions,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    noteOutcome(state, false);
    if (!mirror.signal.aborted) mirror.onProblem(error instanceof Error ? error.message : 'failed');
    return false;
  }
}

/** Goes on where a run before has ended, if everything is as that left it. */
async function resume(state: State, options: FollowOptions): Promise<void> {
  const { mirror, feed, sweepEvery } = options;
  const place = feed && (await placeToGoOn({ ...options, feed }));
  if (place === undefined || (await feed?.since(place.cursor)) === undefined) return;
  const looked = await lookAtTargets(mirror);
  if (looked.targets.length < mirror.targets.length) return;
  Object.assign(state, { looked, cursor: place.cursor, sweptAt: place.sweptAt });
  state.nextSweep = place.sweptAt + sweepEvery;
  await bring(state, options);
}

async function step(state: State, options: FollowOptions): Promise<void> {
  const { mirror, sweepEvery, ending } = options;
  const now = mirror.now();
  if (isDue(state.nextSweep, now, sweepEvery)) return sweep(state, options);
  const hasNews = await takeIn(state, options);
  if (state.waiting.size === 0 || ending.aborted) return;
  if (hasNews || isDue(state.retryAt, now, LONGEST_RETRY)) await bring(state, options);
}

/** A clock that was put back does not make anything later than it could ever be. */
function isDue(time: number, now: number, longest: number): boolean {
  return now >= time || time - now > longest;
}

/** Reads what has changed, until for a while nothing more comes. */
async function takeIn(state: State, options: FollowOptions): Promise<boolean> {
  let hasNews = false;
  for (let looks = 0; looks < MOST_LOOKS && (await readOn(state, options)); looks += 1) {
    hasNews = true;
    await options.sleep(options.settle);
  }
  return hasNews;
}

/** Whether something wanted came. What waits already has to be brought before there is more of it. */
async function readOn(state: State, { feed, mirror, ending }: FollowOptions): Promise<boolean> {
  let hasNews = false;
  const mayGoOn = () => countWaiting(state) < MOST_WAITING && !ending.aborted;
  while (feed !== undefined && state.cursor !== undefined && mayGoOn()) {
    const page = await feed.since(state.cursor);
    if (page?.cursor === state.cursor) break;
    state.cursor = page?.cursor;
    if (page === undefined) state.nextSweep = 0;
    for (const change of page?.changes ?? []) {
      if (addChange(state.waiting, change, mirror.selections)) hasNews = true;
    }
  }
  return hasNews;
}

function countWaiting({ waiting }: State): number {
  let count = 0;
  for (const digests of waiting.values()) count += digests.size;
  return count;
}

async function sweep(state: State, options: FollowOptions): Promise<void> {
  const { mirror, sweepEvery } = options;
  const startedAt = mirror.now();
  state.incompleteSince ??= startedAt;
  // From before the walk: what comes during it is told of after it.
  const cursor = await options.feed?.end();
  const { isComplete, prepared } = await round(state, options, 'sweep');
  noteOutcome(state, isComplete);
  state.sweptAt = isComplete ? startedAt : undefined;
  if (prepared !== undefined) {
    state.cursor = cursor;
    state.waiting.clear();
  }
  if (!isComplete) {
    state.nextSweep = mirror.now() + Math.min(retryAfter(state), sweepEvery);
    return;
  }
  state.nextSweep = startedAt + sweepEvery;
  state.incompleteSince = undefined;
  await remember(state, options);
}

async function bring(state: State, options: FollowOptions): Promise<void> {
  const { isComplete } = await round(state, options, 'changes');
  noteOutcome(state, isComplete);
  state.retryAt = options.mirror.now() + retryAfter(state);
  if (!isComplete) return;
  state.waiting.clear();
  await remember(state, options);
}

function noteOutcome(state: State, isComplete: boolean): void {
  state.failures = isComplete ? 0 : state.failures + 1;
}

function retryAfter({ failures }: State): number {
  return Math.min(RETRY * 2 ** failures, LONGEST_RETRY);
}

async function round(
  state: State,
  { mirror, copy, concurrency, ending, onBegin, onRound }: FollowOptions,
  kind: FollowedRound['kind'],
): Promise<FollowedRound> {
  const only =
    kind === 'changes' && state.looked ? { changes: state.waiting, looked: state.looked } : {};
  let prepared: PreparedMirror | undefined;
  let isComplete = false;
  try {
    prepared = await prepareMirror({ ...mirror, isDryRun: false, ...only });
    onBegin?.(prepared);
    const done = await prepared.carryOut({ ...copy, ending }, concurrency);
    state.looked = prepared.looked;
    isComplete = prepared.isWhole && done.length === mirror.targets.length;
  } catch (error) {
    mirror.signal.throwIfAborted();
    mirror.onProblem(error instanceof Error ? error.message : 'failed');
  }
  const done = { kind, prepared, isComplete };
  await onRound?.(done);
  return done;
}

async function remember(
  { cursor, sweptAt }: State,
  { mirror: { source, targets }, wish }: FollowOptions,
): Promise<void> {
  if (cursor === undefined || sweptAt === undefined) return;
  const stores = targets.map(({ store }) => store);
  await writePlace(source.name, stores, { cursor, wish, sweptAt });
}
