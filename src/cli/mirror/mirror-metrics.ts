// SPDX-License-Identifier: Apache-2.0
import type { Metrics, Sample } from '../../metrics.ts';
import type { TargetTally } from '../../mirror/carry-out.ts';
import type { FollowedRound } from '../../mirror/follow.ts';
import type { PreparedMirror } from '../../mirror/mirror.ts';

export interface MirrorCounts {
  /** What is copied from now on counts as it is copied. */
  begin(prepared: Pick<PreparedMirror, 'tallies'>): void;
  end(round: Pick<FollowedRound, 'kind' | 'isComplete'>): void;
  problem(): void;
}

type Counted = 'copied' | 'bytes' | 'failed';

const NOTHING: Readonly<Record<Counted, number>> = { copied: 0, bytes: 0, failed: 0 };

/** @param oldestMissing since when the oldest thing is missing somewhere, in milliseconds since 1970 */
export function countMirroring(
  metrics: Metrics,
  oldestMissing: () => number | undefined,
): MirrorCounts {
  const before = new Map<string, Readonly<Record<Counted, number>>>();
  let current: ReadonlyMap<string, Readonly<TargetTally>> = new Map();
  const read = (field: Counted) => (): readonly Sample[] => {
    const names = new Set([...before.keys(), ...current.keys()]);
    return Array.from(names, (target) => ({
      labels: { target },
      value: (before.get(target)?.[field] ?? 0) + (current.get(target)?.[field] ?? 0),
    }));
  };
  metrics.total(
    'archeion_mirror_objects_total',
    'Blobs and manifests that were copied.',
    read('copied'),
  );
  metrics.total('archeion_mirror_bytes_total', 'Bytes that were copied.', read('bytes'));
  metrics.total('archeion_mirror_failures_total', 'Copies that failed.', read('failed'));
  metrics.gauge(
    'archeion_mirror_oldest_missing_seconds',
    'Age of the oldest thing that is not on all targets; 0 when nothing is missing.',
    () => [{ labels: {}, value: secondsSince(oldestMissing()) }],
  );
  const problems = metrics.counter('archeion_mirror_problems_total', 'What went wrong.');
  const rounds = metrics.counter(
    'archeion_mirror_rounds_total',
    'Looks at everything and at what is new, by what came of them.',
    ['kind', 'outcome'],
  );
  const settle = (): void => {
    for (const [target, tally] of current) before.set(target, sumOf(before.get(target), tally));
    current = new Map();
  };
  return {
    begin({ tallies }) {
      settle();
      current = tallies;
    },
    end({ kind, isComplete }) {
      settle();
      rounds.cell(kind, isComplete ? 'complete' : 'incomplete').value += 1;
    },
    problem() {
      problems.cell().value += 1;
    },
  };
}

function sumOf(one = NOTHING, { copied, bytes, failed }: Readonly<TargetTally>) {
  return { copied: one.copied + copied, bytes: one.bytes + bytes, failed: one.failed + failed };
}

function secondsSince(time: number | undefined): number {
  return time === undefined ? 0 : Math.max(0, Date.now() - time) / 1_000;
}
