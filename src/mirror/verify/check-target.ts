// SPDX-License-Identifier: Apache-2.0
import { blobKeyReader } from '../../core/digest-index/blob-key.ts';
import { mapStream } from '../../core/map-stream.ts';
import type { DigestTable } from '../../core/mirroring/digest-table.ts';
import type { PlannedCopy } from '../../core/mirroring/plan-mirror.ts';
import { chooserOf, type Sample } from '../../core/mirroring/sample.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { ObjectInfo } from '../../storage/driver.ts';
import type { SeenTarget } from '../publish-target.ts';
import { checkBytes } from './check-bytes.ts';
import type { SeenObject, TargetFinding } from './finding.ts';
import type { PublishedClaims } from './published-claims.ts';

export interface TargetCheck {
  readonly target: SeenTarget;
  /** What the plan would copy to it, by digest. */
  readonly lacking: ReadonlyMap<Digest, PlannedCopy>;
  /** Whether anything that is wanted leads to it, or another mirror over the same target remembers it. */
  readonly isNeeded: (digest: Digest) => boolean;
  /** Whether it is kept out of the index, with good reason. */
  readonly isWithheld: (digest: Digest) => boolean;
  readonly claims: PublishedClaims;
  readonly sample: Sample;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onObject: () => void;
  readonly onBytes: (bytes: number) => void;
  readonly onProblem: (problem: string) => void;
}

export interface CheckedObject extends Partial<SeenObject> {
  readonly findings: readonly TargetFinding[];
  /** Whether its bytes are wrong. */
  readonly isCorrupt?: boolean;
  readonly isUnreferenced?: boolean;
}

/** Objects that are read at a time; of each a piece is in memory. */
const AT_A_TIME = 8;

/** Lists a target once more, and looks at each object; then at what should have come and did not. */
export async function* checkTarget(
  check: TargetCheck,
): AsyncGenerator<CheckedObject, void, undefined> {
  const { target, lacking, sample, random } = check;
  const seen = new Set<Digest>();
  const job: Job = {
    ...check,
    digestOf: blobKeyReader(target.blobPath),
    isChosen: chooserOf(sample, target.held.size(), random),
    seen,
  };
  const objects = target.store.list(target.blobPath.before);
  yield* mapStream(objects, AT_A_TIME, (info) => checkObject(job, info));
  for (const { digest, size } of lacking.values()) {
    if (!seen.has(digest)) yield { findings: [finding(job, 'missing', { object: digest, size })] };
  }
  for (const found of indexFindings(job)) yield { findings: [found] };
}

interface Job extends TargetCheck {
  readonly digestOf: (key: string) => Digest | undefined;
  readonly isChosen: () => boolean;
  /** Of what is lacking, what is there. */
  readonly seen: Set<Digest>;
}

async function checkObject(job: Job, info: ObjectInfo): Promise<CheckedObject> {
  job.signal.throwIfAborted();
  job.onObject();
  const digest = job.digestOf(info.key);
  if (digest !== undefined) return checkDigest(job, digest, info);
  // Where blobs lie at the top of a target, so does what is ours.
  if (info.key.startsWith('archeion/')) return { findings: [] };
  return { findings: [finding(job, 'foreign', { object: info.key, size: info.size })] };
}

async function checkDigest(
  job: Job,
  digest: Digest,
  { size, version }: ObjectInfo,
): Promise<CheckedObject> {
  const planned = job.lacking.get(digest);
  if (planned !== undefined) job.seen.add(digest);
  if (planned !== undefined && planned.size !== size) {
    const problem = `it has ${size} bytes, and should have ${planned.size}`;
    return { findings: [finding(job, 'size', { object: digest, size, problem })] };
  }
  const noted = notesOf(job, digest, size);
  const about = { digest, size, version, findings: noted.findings, ...unreferenced(noted) };
  return job.isChosen() ? checkContent(job, about) : about;
}

interface Noted {
  readonly findings: readonly TargetFinding[];
  readonly isUnreferenced: boolean;
}

/** What its name alone tells. What came after the target was listed is nobody's fault. */
function notesOf(job: Job, digest: Digest, size: number): Noted {
  const { target, claims, isNeeded, isWithheld } = job;
  if (target.held.sizeOf(digest) === undefined) return { findings: [], isUnreferenced: false };
  const isUnreferenced = !isNeeded(digest);
  const isUnclaimed = claims.kind === 'believed' && !claims.claims(digest) && !isWithheld(digest);
  const about = { object: digest, size };
  return {
    isUnreferenced,
    findings: [
      ...(isUnreferenced ? [finding(job, 'unreferenced', about)] : []),
      ...(isUnclaimed ? [finding(job, 'unclaimed', about)] : []),
    ],
  };
}

function unreferenced({ isUnreferenced }: Noted) {
  return isUnreferenced ? { isUnreferenced: true as const } : {};
}

async function checkContent(job: Job, about: CheckedObject & SeenObject): Promise<CheckedObject> {
  const { target, signal, onProblem } = job;
  const { digest } = about;
  try {
    const check = await checkBytes(target, digest, job);
    if (check.kind === 'right') return about;
    if (check.kind === 'gone') return gone(job, digest);
    const problem = `its ${check.seen.size} bytes are those of "${check.found}"`;
    const corrupt = finding(job, 'corrupt', { object: digest, size: check.seen.size, problem });
    return { ...about, ...check.seen, isCorrupt: true, findings: [...about.findings, corrupt] };
  } catch (error) {
    signal.throwIfAborted();
    onProblem(`${target.name}: ${digest} cannot be read: ${messageOf(error)}`);
    return about;
  }
}

/** It was listed a moment ago. */
function gone(job: Job, digest: Digest): CheckedObject {
  if (!job.isNeeded(digest)) return { findings: [] };
  const problem = 'it was removed while it was looked at';
  return { findings: [finding(job, 'missing', { object: digest, problem })] };
}

function* indexFindings(job: Job): Generator<TargetFinding, void, undefined> {
  const { claims, target } = job;
  if (claims.kind === 'refused') {
    yield finding(job, 'index', { object: 'archeion/index', problem: claims.problem });
  }
  if (claims.kind !== 'believed') return;
  for (const record of claims.records()) {
    if (target.held.hasRecord(record)) continue;
    const object = `${record.algorithm}:${record.hex}…`;
    yield finding(job, 'claimed', { object, size: record.size });
  }
}

function finding(
  { target }: Job,
  kind: TargetFinding['kind'],
  about: Pick<TargetFinding, 'object' | 'size' | 'problem'>,
): TargetFinding {
  return { target: target.name, kind, ...about };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}

/** By what a table knows. */
export function isIn(table: DigestTable): (digest: Digest) => boolean {
  return (digest) => table.sizeOf(digest) !== undefined;
}
