// SPDX-License-Identifier: Apache-2.0

import { readDigestIndex } from '../../core/digest-index/digest-index-file.ts';
import { placeOf } from '../../core/digest-index/digest-set.ts';
import { algorithmOf, type Digest, hexOf } from '../../core/oci/digest.ts';
import type { MirrorOptions } from '../mirror.ts';
import { publishTarget } from '../publish-target.ts';
import { readIndexFile, readPointer } from '../target-index.ts';
import { changeWithheld, type Withheld, type WithheldDigests } from '../withheld.ts';
import { deleteDue } from './delete-due.ts';
import { isDue, type PrunePlan, planPrune, SKEW } from './plan-prune.ts';
import { MOST_WITHHELD, type VerifiedMirror, type VerifiedTarget } from './verify-mirror.ts';

export interface PruneOptions {
  readonly mirror: Pick<MirrorOptions, 'index' | 'onProblem' | 'now' | 'signal'>;
  /** Milliseconds. */
  readonly grace: number;
  /** Whether more than half of a target may go. */
  readonly allowsMany: boolean;
  /** Whether anything is changed. */
  readonly isMeant: boolean;
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
}

export interface PruneOutcome {
  /** Why nothing was done; undefined when nothing kept from it. */
  readonly refused?: string;
  readonly withdrawn: number;
  readonly deleted: number;
  readonly waiting: number;
}

/**
 * Prunes one target: first what was withdrawn long enough ago is deleted, then what nothing leads to any more is
 * withdrawn. Safe beside runs that fill it, and to be killed anywhere.
 */
export async function pruneTarget(
  verified: VerifiedMirror,
  one: VerifiedTarget,
  options: PruneOptions,
): Promise<PruneOutcome> {
  const refused = refusal(verified, one, options);
  if (refused !== undefined) return { refused, withdrawn: 0, deleted: 0, waiting: 0 };
  const plan = planFor(one, options);
  const planned = {
    withdrawn: plan.withdraw.length,
    deleted: plan.due.length,
    waiting: plan.waiting,
  };
  if (!options.isMeant) return planned;
  const due = await unclaimed(one, plan.due, options);
  const deleted = await deleteDue({
    target: one.target,
    due,
    isStillDue: stillDue(one, options),
    ...options,
  });
  await withdraw(verified, one, { plan, options });
  return { ...planned, deleted };
}

function refusal(
  { isWhole }: VerifiedMirror,
  { isWhole: isListed, target, counts, held }: VerifiedTarget,
  { allowsMany }: PruneOptions,
): string | undefined {
  if (!isWhole) return 'the source could not be read as a whole';
  if (!isListed) return `not all of ${target.name} could be looked at`;
  if (counts.unreferenced * 2 <= held || allowsMany) return undefined;
  return `${counts.unreferenced} of its ${held} objects would go: say --allow-many if that is meant`;
}

function planFor(
  { withheld, unreferenced, isNeeded }: VerifiedTarget,
  { mirror, grace }: PruneOptions,
): PrunePlan {
  const now = mirror.now();
  return planPrune({ withheld, unreferenced, isNeeded, now, grace, most: MOST_WITHHELD });
}

/** Asked again when the note is changed: somebody may have done so meanwhile. */
function stillDue({ isNeeded }: VerifiedTarget, { mirror, grace }: PruneOptions) {
  return (digest: Digest, withheld: Withheld | undefined) =>
    withheld !== undefined && !isNeeded(digest) && isDue(withheld, { now: mirror.now(), grace });
}

/**
 * What the index in force claims all the same was put there by somebody who knows nothing of what is withheld: it
 * stays until it has been out of the index again.
 */
async function unclaimed(
  { target: { store } }: VerifiedTarget,
  due: readonly Digest[],
  { mirror }: PruneOptions,
): Promise<readonly Digest[]> {
  if (due.length === 0) return due;
  const current = await readPointer(store);
  const bytes = current?.pointer && (await readIndexFile(store, current.pointer));
  if (current === undefined) return due;
  const read = bytes && readDigestIndex(bytes);
  if (read?.ok !== true) return [];
  if (read.file.header.validUntil + SKEW < mirror.now()) return due;
  const { sets } = read.file;
  const isClaimed = (digest: Digest) => placeOf(sets[algorithmOf(digest)], hexOf(digest)) !== -1;
  const claimed = new Set(due.filter(isClaimed));
  if (claimed.size > 0) await startAgain(store, claimed);
  return due.filter((digest) => !claimed.has(digest));
}

async function startAgain(
  store: VerifiedTarget['target']['store'],
  claimed: ReadonlySet<Digest>,
): Promise<void> {
  await changeWithheld(store, async (digests) =>
    mapUnwanted(digests, (digest, { at, version }) =>
      claimed.has(digest) ? { kind: 'unwanted', at, version } : undefined,
    ),
  );
}

interface Withdrawal {
  readonly plan: PrunePlan;
  readonly options: PruneOptions;
}

/** The note first, then an index without them, and then until when indexes with them may be believed. */
async function withdraw(
  { prepared }: VerifiedMirror,
  { target }: VerifiedTarget,
  { plan, options: { mirror } }: Withdrawal,
): Promise<void> {
  const at = mirror.now();
  const noted = await changeWithheld(target.store, async (digests) => {
    const added = plan.withdraw.filter(({ digest }) => digests.get(digest)?.kind !== 'deleting');
    if (added.length === 0) return undefined;
    const entries = added.map(({ digest, version }): [Digest, Withheld] => [
      digest,
      { kind: 'unwanted', at, version },
    ]);
    return new Map([...digests, ...entries]);
  });
  const open = new Set([...noted].flatMap(([digest, one]) => (isOpen(one) ? [digest] : [])));
  if (open.size === 0) return;
  const until = await publishedUntil(prepared, target, mirror);
  if (until === undefined) return;
  await changeWithheld(target.store, async (digests) =>
    mapUnwanted(digests, (digest, one) =>
      open.has(digest) && isOpen(one) ? { ...one, until } : undefined,
    ),
  );
}

function isOpen(one: Withheld): boolean {
  return one.kind === 'unwanted' && one.until === undefined;
}

/** Undefined when no index without them could be published. */
async function publishedUntil(
  { looked, wanted }: VerifiedMirror['prepared'],
  target: VerifiedTarget['target'],
  mirror: PruneOptions['mirror'],
): Promise<number | undefined> {
  const published = await publishTarget(mirror, target, {
    createdAt: looked.at,
    wanted,
    isRevision: true,
    isInterim: true,
  });
  if (target.publicUrl !== undefined) return published?.previousUntil;
  if ((await readPointer(target.store)) === undefined) return 0;
  mirror.onProblem(
    `${target.name}: it has an index, and no publicUrl: what is withdrawn cannot be taken out of it`,
  );
  return undefined;
}

type Unwanted = Extract<Withheld, { kind: 'unwanted' }>;

/** Undefined when nothing changes. */
function mapUnwanted(
  digests: WithheldDigests,
  change: (digest: Digest, one: Unwanted) => Unwanted | undefined,
): WithheldDigests | undefined {
  const changed = new Map<Digest, Withheld>();
  for (const [digest, one] of digests) {
    const after = one.kind === 'unwanted' ? change(digest, one) : undefined;
    if (after !== undefined) changed.set(digest, after);
  }
  return changed.size === 0 ? undefined : new Map([...digests, ...changed]);
}
