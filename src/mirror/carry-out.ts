// SPDX-License-Identifier: Apache-2.0
import { byteBudget } from '../core/byte-budget.ts';
import { concurrently } from '../core/concurrently.ts';
import type { PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import { StorageError } from '../storage/storage-error.ts';
import {
  type CopyOutcome,
  type CopyOutcomes,
  type CopyPorts,
  copyObject,
  isLost,
  isOfSource,
} from './copy-object.ts';
import { type ListedTarget, memoryFor } from './mirror-target.ts';

/** What has been done for one target so far. */
export interface TargetTally {
  copied: number;
  bytes: number;
  /** Bytes of what is not yet whole. */
  moving: number;
  failed: number;
  /** Nothing more is written to it: why. */
  lost: string | undefined;
}

export interface CarryOut {
  readonly copies: Iterable<PlannedCopy> & { readonly length: number };
  readonly targets: readonly ListedTarget[];
  /** Objects at a time. */
  readonly concurrency: number;
  /** Bytes of objects on their way, about: large ones to buckets wait for each other, small ones hardly ever. */
  readonly memory: number;
  readonly ports: CopyPorts;
  /** Filled as it goes, by the name of the target: for whoever shows how far it is. */
  readonly tallies: ReadonlyMap<string, TargetTally>;
  readonly onProblem: (problem: string) => void;
  /** When it is aborted nothing new is begun. */
  readonly ending?: AbortSignal;
  /** After each object; what is copied meanwhile waits for nothing. */
  readonly onStep: () => Promise<void>;
}

export function newTally(): TargetTally {
  return { copied: 0, bytes: 0, moving: 0, failed: 0, lost: undefined };
}

/**
 * So many objects in a row that fail for the same target, or for the source, and it is left alone: to try the rest,
 * each several times, would take for ever and hold up everybody else.
 */
const MOST_IN_A_ROW = 50;

/** Failures in a row of the source and, by name, of targets. */
interface Streaks {
  source: number;
  readonly targets: Map<string, number>;
}

/** Carries out a plan. A failure is told and counted, and stops nothing else; to be aborted ends it early. */
export async function carryOut(job: CarryOut): Promise<void> {
  const streaks = { source: 0, targets: new Map<string, number>() };
  const memory = byteBudget(job.memory);
  await concurrently(job.copies, job.concurrency, async (copy) => {
    if (job.ports.signal.aborted || job.ending?.aborted === true) return;
    await memory.within(memoryOf(job, copy), () => copyToAll(job, streaks, copy));
    await job.onStep();
  });
}

function memoryOf({ targets }: CarryOut, copy: PlannedCopy): number {
  const lacking = targets.filter(({ name }) => copy.targets.includes(name));
  return lacking.reduce((sum, target) => sum + memoryFor(target, copy.size), 0);
}

async function copyToAll(job: CarryOut, streaks: Streaks, copy: PlannedCopy): Promise<void> {
  const isOpen = ({ name }: ListedTarget) =>
    streaks.source < MOST_IN_A_ROW && job.tallies.get(name)?.lost === undefined;
  const lacking = job.targets.filter(({ name }) => copy.targets.includes(name));
  for (const target of lacking) if (!isOpen(target)) note(job, target, (tally) => tally.failed++);
  const onMoved = (name: string, bytes: number): void => {
    const tally = job.tallies.get(name);
    if (tally !== undefined) tally.moving += bytes;
  };
  const outcomes = await copyObject(copy, lacking.filter(isOpen), { ...job.ports, onMoved });
  for (const [target, outcome] of outcomes) {
    if (outcome.kind === 'failed') fail(job, { copy, target, error: outcome.error });
    else {
      target.held.set(copy.digest, copy.size);
      if (outcome.kind === 'copied') note(job, target, (tally) => addCopy(tally, copy));
    }
  }
  countFailures(job, streaks, { copy, outcomes });
}

interface CopyResult {
  readonly copy: PlannedCopy;
  readonly outcomes: CopyOutcomes;
}

function countFailures(job: CarryOut, streaks: Streaks, { copy, outcomes }: CopyResult): void {
  const all = [...outcomes.values()];
  if (all.some(({ kind }) => kind === 'copied')) streaks.source = 0;
  // That a host elsewhere does not answer says nothing of the source.
  if (copy.urls === undefined && all.some(isSilent)) {
    streaks.source += 1;
    if (streaks.source === MOST_IN_A_ROW) job.onProblem(`the source is left alone: ${IN_A_ROW}`);
  }
  for (const [target, outcome] of outcomes) {
    const isItsOwn = outcome.kind === 'failed' && outcome.error instanceof StorageError;
    const streak = isItsOwn ? (streaks.targets.get(target.name) ?? 0) + 1 : 0;
    streaks.targets.set(target.name, streak);
    if (streak === MOST_IN_A_ROW) note(job, target, (tally) => (tally.lost ??= IN_A_ROW));
  }
}

const IN_A_ROW = `${MOST_IN_A_ROW} objects in a row failed`;

function isSilent(outcome: CopyOutcome): boolean {
  return outcome.kind === 'failed' && isOfSource(outcome.error);
}

function addCopy(tally: TargetTally, { size }: PlannedCopy): void {
  tally.copied += 1;
  tally.bytes += size;
}

interface Failure {
  readonly copy: PlannedCopy;
  readonly target: ListedTarget;
  readonly error: unknown;
}

function fail(job: CarryOut, { copy, target, error }: Failure): void {
  const reason = error instanceof Error ? error.message : 'failed';
  job.onProblem(`${target.name}: ${copy.kind} ${copy.digest} of ${copy.repository}: ${reason}`);
  note(job, target, (tally) => {
    tally.failed += 1;
    if (isLost(error)) tally.lost = reason;
  });
}

function note(job: CarryOut, { name }: ListedTarget, change: (tally: TargetTally) => void): void {
  const tally = job.tallies.get(name);
  if (tally !== undefined) change(tally);
}
