// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../config/config-error.ts';
import type { MirrorConfig } from '../../config/mirror.ts';
import { adminHandler } from '../../http/admin-handler.ts';
import { startServer } from '../../http/node-server.ts';
import type { Log } from '../../log.ts';
import { observeProcess } from '../../metrics/process-metrics.ts';
import { openMetrics } from '../../metrics.ts';
import { type FollowedRound, type Follower, follower } from '../../mirror/follow.ts';
import type { CommandIo } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { orClose } from '../or-close.ts';
import { COPY_PORTS } from './copy-ports.ts';
import { countMirroring } from './mirror-metrics.ts';
import { type MirrorParts, openMirrorParts } from './mirror-session.ts';
import { proveTargets } from './prove-targets.ts';

/** `mirror follow`, with its admin listener, running in this process. */
export interface Following {
  readonly adminUrl: string;
  /** Lets what is being copied come to its end, for as long as the configuration grants. */
  stop(): Promise<void>;
}

/** Milliseconds to wait for more, when something was pushed: an image comes in several pieces. */
const SETTLE = 300;

/** What fails is tried again in the next round: in this one others wait for it. */
const FOLLOW_PORTS = { ...COPY_PORTS, retries: 1 };

/** @throws ConfigError, ListenError */
export async function openFollowing(
  loaded: Loaded<MirrorConfig>,
  log: Log,
  { env, err }: Pick<CommandIo, 'env' | 'err'>,
): Promise<Following> {
  const { follow: settings } = loaded.config;
  const { admin, grace } = settings;
  requireFollowed(loaded);
  const metrics = openMetrics();
  observeProcess(metrics);
  const cut = new AbortController();
  const ending = new AbortController();
  const problems = problemLog(log);
  let oldestMissing: Follower['oldestMissing'] = () => undefined;
  const counts = countMirroring(metrics, () => oldestMissing());
  const parts = await openMirrorParts(loaded, { env, err, stop: cut.signal }, (problem) => {
    problems.note(problem);
    counts.problem();
  });
  await orClose(parts, () => proveTargets(loaded, parts.mirror.targets));
  let isStarted = false;
  const following: Follower = follow(loaded.config, parts, {
    ending: ending.signal,
    onBegin: counts.begin,
    onRound: (round) => {
      isStarted ||= round.prepared !== undefined;
      counts.end(round);
      log.info('mirror-round', fieldsOf(round));
      problems.end();
    },
  });
  oldestMissing = following.oldestMissing;
  const ready = () => [
    ...(ending.signal.aborted ? ['draining'] : []),
    ...(isStarted ? [] : ['the first look at everything is not over']),
  ];
  const server = await orClose(parts, () =>
    startServer({
      name: 'admin',
      ...admin,
      handler: adminHandler({ ready, metrics }),
      log,
      metrics,
    }),
  );
  const running = following.run();
  return {
    adminUrl: server.url,
    async stop() {
      ending.abort();
      const timer = setTimeout(() => cut.abort(), grace);
      await running;
      clearTimeout(timer);
      await parts.close();
      await server.close();
    },
  };
}

interface FollowHooks {
  readonly ending: AbortSignal;
  readonly onBegin: (prepared: NonNullable<FollowedRound['prepared']>) => void;
  readonly onRound: (round: FollowedRound) => void;
}

function follow(
  { follow: { poll }, concurrency }: MirrorConfig,
  { mirror, feed, wish, sweepEvery }: MirrorParts,
  hooks: FollowHooks,
): Follower {
  const { ending } = hooks;
  return follower({
    mirror,
    feed,
    wish,
    copy: FOLLOW_PORTS,
    concurrency,
    sweepEvery,
    poll,
    settle: SETTLE,
    // Ends early when it is stopped, which is no failure.
    sleep: (milliseconds) =>
      delay(milliseconds, undefined, { signal: ending }).catch(() => undefined),
    ...hooks,
  });
}

function fieldsOf({ kind, prepared, isComplete }: FollowedRound) {
  const tallies = [...(prepared?.tallies.values() ?? [])];
  const sum = (field: 'copied' | 'bytes' | 'failed') =>
    tallies.reduce((total, tally) => total + tally[field], 0);
  return {
    kind,
    complete: isComplete,
    repositories: prepared?.repositories ?? 0,
    copied: sum('copied'),
    bytes: sum('bytes'),
    failed: sum('failed'),
  };
}

const NAMED = 50;

/** A line for each problem; what is beyond so many in a round is only counted. */
function problemLog(log: Log) {
  let count = 0;
  return {
    note(problem: string): void {
      count += 1;
      if (count <= NAMED) log.warn('mirror-problem', { problem });
    },
    end(): void {
      if (count > NAMED) log.warn('mirror-problems-left-out', { count: count - NAMED });
      count = 0;
    },
  };
}

/** What is read once, at the start, would soon be old. */
function requireFollowed({ config, origin }: Loaded<MirrorConfig>): void {
  const { layout, images } = config.source;
  const problems = [
    ...(layout === undefined ? [] : ['source.layout: the folder of a layout is not followed']),
    ...(images.length === 0 ? [] : ['source.images: lists of images are not followed']),
  ];
  if (problems.length > 0) {
    throw new ConfigError(
      origin,
      problems.map((problem) => `${problem}: use "mirror run"`),
    );
  }
}
