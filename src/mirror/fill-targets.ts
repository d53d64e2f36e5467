// SPDX-License-Identifier: Apache-2.0
import type { CopyList, MirrorPlan, PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import { carryOut, type TargetTally } from './carry-out.ts';
import type { CopyPorts, OpenObject } from './copy-object.ts';
import type { LookedTargets } from './look-at-targets.ts';
import { type IndexSettings, type PublishPorts, publishTarget } from './publish-target.ts';

export interface CarryOutPorts extends Omit<CopyPorts, 'open' | 'signal'> {
  /** Ends it early: what is under way comes to its end, and the index is published. */
  readonly ending?: AbortSignal;
  /** After each object. */
  readonly onStep?: () => void;
  /** What is there, is no good, and is copied again, besides what is missing. */
  readonly again?: readonly PlannedCopy[];
}

/** Bytes, unless it is configured. */
const MEMORY = 40 * 1024 * 1024;

export interface FillIndex extends IndexSettings {
  /** Milliseconds after which a run that goes on publishes what there is so far. */
  readonly every: number;
}

interface FillOptions extends PublishPorts {
  readonly index: FillIndex;
  readonly memory?: number;
  readonly signal: AbortSignal;
  /** Given when only some of what is wanted was looked at. */
  readonly changes?: unknown;
}

export interface Filling {
  readonly options: FillOptions;
  readonly plan: MirrorPlan;
  readonly looked: LookedTargets;
  readonly wanted: () => Iterable<WantedObject>;
  readonly tallies: ReadonlyMap<string, TargetTally>;
  readonly open: OpenObject;
}

/** Copies what is missing, and says what each target holds then. @returns the names of those that have all of it */
export async function fillTargets(
  { options, looked, plan, tallies, wanted, open }: Filling,
  { ending, onStep, again = [], ...ports }: CarryOutPorts,
  concurrency: number,
): Promise<readonly string[]> {
  const { signal, onProblem, memory = MEMORY } = options;
  const { at, targets } = looked;
  const copies = again.length === 0 ? plan.copies : joined(again, plan.copies);
  for (const target of targets) {
    const gap = plan.targets.find(({ name }) => name === target.name);
    const isMissing = gap !== undefined && gap.blobs + gap.manifests > 0;
    const isChanged = isMissing || again.some((copy) => copy.targets.includes(target.name));
    target.isCurrent &&= !isChanged && options.changes !== undefined;
  }
  const due = targets.filter(({ isCurrent }) => !isCurrent);
  const publishAll = async (isInterim: boolean) => {
    for (const target of due)
      await publishTarget(options, target, { createdAt: at, wanted, isInterim });
  };
  const publishSometimes = nowAndThen(() => publishAll(true), options);
  const afterEach = (): Promise<void> => {
    onStep?.();
    return publishSometimes();
  };
  const job = { copies, targets, concurrency, memory, tallies, onProblem, onStep: afterEach };
  await carryOut({ ...job, ...(ending && { ending }), ports: { ...ports, open, signal } });
  await publishAll(false);
  if (signal.aborted || ending?.aborted === true) return [];
  const isDone = ({ failed = 1, lost }: Partial<TargetTally> = {}) =>
    failed === 0 && lost === undefined;
  const done = targets.filter(({ name, isCurrent }) => isCurrent && isDone(tallies.get(name)));
  return done.map(({ name }) => name);
}

function joined(first: readonly PlannedCopy[], rest: CopyList): CopyList {
  return {
    length: first.length + rest.length,
    *[Symbol.iterator]() {
      yield* first;
      yield* rest;
    },
  };
}

/** Does some work when it was last done long ago: one call at a time does it, and the others go on. */
function nowAndThen(work: () => Promise<void>, { index, now }: FillOptions): () => Promise<void> {
  let last = now();
  return async () => {
    // A clock that was put back does not count as one that stands still.
    if (Math.abs(now() - last) < index.every) return;
    last = Number.POSITIVE_INFINITY;
    await work();
    last = now();
  };
}
