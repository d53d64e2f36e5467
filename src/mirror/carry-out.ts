// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import type { PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import { type CopyPorts, copyObject, isLost } from './copy-object.ts';
import type { ListedTarget } from './mirror-target.ts';

/** What has been done for one target so far. */
export interface TargetTally {
  copied: number;
  bytes: number;
  failed: number;
  /** Nothing more is written to it: why. */
  lost: string | undefined;
}

export interface CarryOut {
  readonly copies: readonly PlannedCopy[];
  readonly targets: readonly ListedTarget[];
  /** Objects at a time. */
  readonly concurrency: number;
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
  return { copied: 0, bytes: 0, failed: 0, lost: undefined };
}

/** Carries out a plan. A failure is told and counted, and stops nothing else; to be aborted ends it early. */
export async function carryOut(job: CarryOut): Promise<void> {
  await concurrently(job.copies, job.concurrency, async (copy) => {
    if (job.ports.signal.aborted || job.ending?.aborted === true) return;
    await copyToAll(job, copy);
    await job.onStep();
  });
}

async function copyToAll(job: CarryOut, copy: PlannedCopy): Promise<void> {
  const isOpen = ({ name }: ListedTarget) => job.tallies.get(name)?.lost === undefined;
  const lacking = job.targets.filter(({ name }) => copy.targets.includes(name));
  for (const target of lacking) if (!isOpen(target)) note(job, target, (tally) => tally.failed++);
  const outcomes = await copyObject(copy, lacking.filter(isOpen), job.ports);
  for (const [target, outcome] of outcomes) {
    if (outcome.kind === 'failed') fail(job, { copy, target, error: outcome.error });
    else {
      target.held.set(copy.digest, copy.size);
      if (outcome.kind === 'copied') note(job, target, (tally) => addCopy(tally, copy));
    }
  }
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
