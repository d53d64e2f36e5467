// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../../core/concurrently.ts';
import { type DigestTable, digestTable } from '../../core/mirroring/digest-table.ts';
import type { CopyList, PlannedCopy } from '../../core/mirroring/plan-mirror.ts';
import type { Sample } from '../../core/mirroring/sample.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { type MirrorOptions, type PreparedMirror, prepareMirror } from '../mirror.ts';
import { type SeenTarget, tableOf } from '../publish-target.ts';
import { readWithheld, type WithheldDigests } from '../withheld.ts';
import { type CheckedObject, checkTarget, isIn, messageOf } from './check-target.ts';
import { FINDING_KINDS, type FindingKind, type SeenObject, type TargetFinding } from './finding.ts';
import { rememberedByOthers } from './others-memory.ts';
import { type PublishedClaims, readClaims } from './published-claims.ts';

export interface VerifyOptions {
  readonly mirror: Omit<MirrorOptions, 'isDryRun' | 'changes' | 'looked'>;
  readonly sample: Sample;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly onFinding: (finding: TargetFinding) => void;
  readonly onObject: () => void;
  readonly onBytes: (bytes: number) => void;
}

export interface VerifiedMirror {
  readonly prepared: PreparedMirror;
  /** Whether the walk over the source found out all that is wanted. */
  readonly isWhole: boolean;
  readonly wanted: DigestTable;
  readonly targets: readonly VerifiedTarget[];
}

export interface VerifiedTarget {
  readonly target: SeenTarget;
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** Digests that it was listed with. */
  readonly held: number;
  readonly corrupt: readonly SeenObject[];
  /** As many as can be dealt with at once. */
  readonly unreferenced: readonly SeenObject[];
  readonly withheld: WithheldDigests;
  readonly isNeeded: (digest: Digest) => boolean;
  /** Whether all of it was looked at that was to be. */
  readonly isWhole: boolean;
}

const TARGETS_AT_A_TIME = 4;
/** Digests that are withheld at a time: each takes some hundred bytes, and all of them are in one object. */
export const MOST_WITHHELD = 200_000;

/**
 * Compares targets with the source, their bytes with their digests and their indexes with what is there. Nothing is
 * written. Tags that never move, and what is about known images, are asked for all the same: what is not wanted any
 * more may be deleted.
 */
export async function verifyMirror(options: VerifyOptions): Promise<VerifiedMirror> {
  const { mirror } = options;
  // Before the targets are listed: all that an index claims is to be there then.
  const claims = await concurrently(mirror.targets, TARGETS_AT_A_TIME, (target) =>
    claimsOf(options, target),
  );
  const named = new Map(mirror.targets.map(({ name }, place) => [name, claims[place]]));
  const prepared = await prepareMirror({
    ...mirror,
    isDryRun: true,
    isImmutable: () => false,
    referrersAfter: 0,
  });
  const wanted = tableOf(prepared.wanted());
  const { targets } = prepared.looked;
  const found = await concurrently(targets, TARGETS_AT_A_TIME, async (target) => {
    const about = { target, prepared, wanted, claims: named.get(target.name) ?? NO_CLAIMS };
    return verifyTarget(options, about);
  });
  return { prepared, isWhole: prepared.isWhole, wanted, targets: found };
}

const NO_CLAIMS: PublishedClaims = { kind: 'none' };

async function claimsOf(
  { mirror }: VerifyOptions,
  target: MirrorOptions['targets'][number],
): Promise<PublishedClaims> {
  try {
    return await readClaims(target, mirror.index.privateKey, mirror.now());
  } catch (error) {
    mirror.signal.throwIfAborted();
    // What cannot be read at all is told when the target is listed.
    return { kind: 'refused', problem: `it cannot be read: ${messageOf(error)}` };
  }
}

interface About {
  readonly target: SeenTarget;
  readonly prepared: PreparedMirror;
  readonly wanted: DigestTable;
  readonly claims: PublishedClaims;
}

async function verifyTarget(options: VerifyOptions, about: About): Promise<VerifiedTarget> {
  const { mirror } = options;
  const { target, wanted, prepared, claims } = about;
  const sum = newSum(options);
  const held = target.held.size();
  let isWhole = true;
  const orElse = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      mirror.signal.throwIfAborted();
      isWhole = false;
      mirror.onProblem(`${target.name}: ${messageOf(error)}`);
      return otherwise;
    }
  };
  const { store } = target;
  const withheld = await orElse<WithheldDigests>(new Map(), () => readWithheld(store));
  const others = await orElse(digestTable(), () => rememberedByOthers(store, mirror.source.name));
  const isNeeded = (digest: Digest) => isIn(wanted)(digest) || isIn(others)(digest);
  const lacking = lackingAt(prepared.plan.copies, target.name);
  const isWithheld = (digest: Digest) => withheld.has(digest);
  const check = { ...options, ...mirror, target, lacking, claims, isNeeded, isWithheld };
  await orElse(undefined, async () => {
    for await (const checked of checkTarget(check)) sum.add(checked);
  });
  return { target, held, withheld, isNeeded, isWhole, ...sum.all() };
}

function lackingAt(copies: CopyList, name: string): ReadonlyMap<Digest, PlannedCopy> {
  const lacking = new Map<Digest, PlannedCopy>();
  for (const copy of copies) if (copy.targets.includes(name)) lacking.set(copy.digest, copy);
  return lacking;
}

/** What was found at one target. */
function newSum({ onFinding }: VerifyOptions) {
  const counts = countsOfNothing();
  const corrupt: SeenObject[] = [];
  const unreferenced: SeenObject[] = [];
  return {
    add(checked: CheckedObject): void {
      for (const finding of checked.findings) {
        counts[finding.kind] += 1;
        onFinding(finding);
      }
      const { digest, size, version } = checked;
      if (digest === undefined || size === undefined || version === undefined) return;
      const seen = { digest, size, version };
      if (checked.isCorrupt) corrupt.push(seen);
      if (checked.isUnreferenced && unreferenced.length < MOST_WITHHELD) unreferenced.push(seen);
    },
    all: () => ({ counts, corrupt, unreferenced }),
  };
}

function countsOfNothing(): Record<FindingKind, number> {
  // Every kind is in the list.
  return Object.fromEntries(FINDING_KINDS.map((kind) => [kind, 0])) as Record<FindingKind, number>;
}
