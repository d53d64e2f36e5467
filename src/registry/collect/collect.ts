// SPDX-License-Identifier: Apache-2.0
import {
  type DigestPlan,
  type Marker,
  planDigest,
  type Removable,
  type Verdict,
} from '../../core/collection/plan-digest.ts';
import { type ReferenceSet, referenceSet } from '../../core/collection/reference-set.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { type CollectionLease, LeaseLostError, takeLease } from '../store/collection-lease.ts';
import { announceState, type FoundState, readCollectionState } from '../store/collection-state.ts';
import { HEARD_WITHIN } from '../store/condemned.ts';
import { createMarker, findMarker, removeMarker } from '../store/condemned-marker.ts';
import { CONDEMNED_PREFIX, digestOfCondemned } from '../store/layout.ts';
import { type Found, scanHoldings } from './holdings.ts';
import { type Marks, markReferences } from './mark.ts';
import { sweepDigest } from './sweep.ts';

export interface CollectOptions {
  readonly storage: StorageDriver;
  /** Milliseconds: what nothing refers to for so long is condemned, and goes when it was condemned for so long. */
  readonly grace: number;
  /** Milliseconds after which a manifest that nothing leads to goes; left out, never. */
  readonly untaggedAfter?: number | undefined;
  /** Milliseconds since the last collection within which there is nothing to do; left out, there always is. */
  readonly every?: number;
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly progress?: (step: CollectStep) => void;
  readonly signal?: AbortSignal;
}

/** What was decided on a digest, and done. */
export interface CollectStep {
  readonly digest: Digest;
  /** `spared`: somebody who pushes came first. */
  readonly outcome: Exclude<Verdict, 'sweep'> | 'swept' | 'spared';
  readonly removable: Removable;
  /** Bytes. */
  readonly size: number;
}

/**
 * `busy`: somebody else collects. `early`: somebody has, a short time ago.
 */
export type CollectOutcome = 'done' | 'busy' | 'early';

/** Time for everybody to hear of what is condemned, and to write what they had begun to. */
export const SETTLE = 6 * HEARD_WITHIN;

/**
 * One collection: condemns what nothing refers to, and deletes what was condemned before. Safe beside whoever reads
 * and writes; what it broke off, the next one goes on with.
 *
 * @throws LeaseLostError when somebody else has taken over
 */
export async function collect(options: CollectOptions): Promise<CollectOutcome> {
  const { storage, every, elapsed } = options;
  const lease = await takeLease(storage, elapsed);
  if (lease === undefined) return 'busy';
  const state = await readCollectionState(storage);
  const isEarly = every !== undefined && state.collectedAt + every > lease.takenAt;
  try {
    if (!isEarly) await carryOut(options, lease, state);
  } catch (error) {
    // Between two requests to the store. After any other failure one may still be under way: the lease runs out.
    if (options.signal?.aborted === true && error === options.signal.reason) await lease.release();
    throw error;
  }
  await lease.release();
  return isEarly ? 'early' : 'done';
}

async function carryOut(
  options: CollectOptions,
  lease: CollectionLease,
  before: FoundState,
): Promise<void> {
  const { storage } = options;
  const announced = await condemnedIn(storage);
  const collectedAt = before.collectedAt;
  const state =
    announced.size() === 0
      ? before
      : await announce(options, lease, { before, condemned: announced.size(), collectedAt });
  if (announced.size() > 0) await settle(options, lease);
  const marks = await markFor(options, lease);
  let condemned = 0;
  for await (const found of scanHoldings(storage)) {
    const outcome = await decide({ options, lease, marks, announced }, found);
    if (outcome === 'condemn' || outcome === 'wait' || outcome === 'spared') condemned += 1;
  }
  await announce(options, lease, { before: state, condemned, collectedAt: lease.takenAt });
}

/** What those who push can know of when it is announced. */
async function condemnedIn(storage: StorageDriver): Promise<ReferenceSet> {
  const digests = referenceSet();
  for await (const { key } of storage.list(CONDEMNED_PREFIX)) {
    const digest = digestOfCondemned(key);
    if (digest !== undefined) digests.add(digest);
  }
  return digests;
}

async function announce(
  { storage }: CollectOptions,
  lease: CollectionLease,
  { before, ...state }: { before: FoundState; condemned: number; collectedAt: number },
): Promise<FoundState> {
  await lease.hold();
  const announced = await announceState(storage, before, state);
  if (announced !== undefined) return announced;
  throw new LeaseLostError('somebody else has collected meanwhile');
}

async function settle({ wait, signal }: CollectOptions, lease: CollectionLease): Promise<void> {
  for (let waited = 0; waited < SETTLE; waited += HEARD_WITHIN) {
    signal?.throwIfAborted();
    await lease.hold();
    await wait(HEARD_WITHIN);
  }
}

function markFor(options: CollectOptions, lease: CollectionLease): Promise<Marks> {
  const { storage, untaggedAfter, signal } = options;
  const step = async () => {
    signal?.throwIfAborted();
    await lease.hold();
  };
  return markReferences({ storage, now: lease.takenAt, untaggedAfter, step });
}

interface Collection {
  readonly options: CollectOptions;
  readonly lease: CollectionLease;
  readonly marks: Marks;
  readonly announced: ReferenceSet;
}

async function decide(collection: Collection, found: Found): Promise<CollectStep['outcome']> {
  const { options, lease } = collection;
  const { digest } = found;
  options.signal?.throwIfAborted();
  await lease.hold();
  const marker = found.marker && (await findMarker(options.storage, digest));
  const { verdict, removable } = planFor(collection, found, marker?.state);
  const outcome = await execute(collection, {
    digest,
    verdict,
    removable,
    version: marker?.version,
  });
  if (outcome !== 'keep') {
    options.progress?.({ digest, outcome, removable, size: found.bytes?.size ?? 0 });
  }
  return outcome;
}

function planFor(
  { options, lease, marks, announced }: Collection,
  { digest, bytes, links, marker }: Found,
  state: Marker['state'] | undefined,
): DigestPlan {
  const isAnnounced = announced.has(digest) && (marker?.modifiedAt ?? 0) <= lease.takenAt;
  const holding = {
    bytes: bytes && { size: bytes.size, writtenAt: bytes.modifiedAt },
    links,
    untagged: marks.untaggedIn(digest),
    marker: state && { state, writtenAt: marker?.modifiedAt ?? 0, isAnnounced },
  };
  const isNeeded = (repository?: string) => marks.isNeeded(digest, repository);
  return planDigest(holding, { now: lease.takenAt, grace: options.grace, isNeeded });
}

interface Decided extends DigestPlan {
  readonly digest: Digest;
  readonly version: string | undefined;
}

async function execute(
  { options: { storage }, lease }: Collection,
  { digest, verdict, removable, version }: Decided,
): Promise<CollectStep['outcome']> {
  switch (verdict) {
    case 'keep':
    case 'wait':
      return verdict;
    case 'condemn':
      await createMarker(storage, digest, 'condemned');
      return verdict;
    case 'acquit':
      if (version !== undefined) await removeMarker(storage, digest, version);
      return verdict;
    case 'sweep': {
      const sweep = { storage, lease, digest, removable, version: version ?? '' };
      return (await sweepDigest(sweep)) ? 'swept' : 'spared';
    }
  }
}
