// SPDX-License-Identifier: Apache-2.0
import type { Removable, Verdict } from '../../core/collection/plan-digest.ts';
import { type ReferenceSet, referenceSet } from '../../core/collection/reference-set.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { type CollectionLease, LeaseLostError, takeLease } from '../store/collection-lease.ts';
import { announceState, type FoundState, readCollectionState } from '../store/collection-state.ts';
import { HEARD_WITHIN } from '../store/condemned.ts';
import { createMarker, removeMarker } from '../store/condemned-marker.ts';
import { CONDEMNED_PREFIX, digestOfCondemned } from '../store/layout.ts';
import type { Found } from './holdings.ts';
import { type PlannedDigest, planStore } from './plan-store.ts';
import { sweepDigest } from './sweep.ts';

export interface CollectOptions {
  readonly storage: StorageDriver;
  /** Milliseconds: what nothing refers to for so long is condemned, and goes when it was condemned for so long. */
  readonly grace: number;
  /** Milliseconds after which a manifest that nothing leads to goes; left out, never. */
  readonly untaggedAfter?: number | undefined;
  /** Milliseconds since the last collection within which there is nothing to do; left out, there always is. */
  readonly every?: number | undefined;
  /** Milliseconds, by a clock that is never set. */
  readonly elapsed: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Told of what is not simply kept. */
  readonly progress?: (step: CollectStep) => void;
  /** Called for every object that is looked at. */
  readonly read?: () => void;
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
export const SETTLE = 3 * HEARD_WITHIN;

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
  const announced = await condemnedBefore(storage, lease.takenAt - options.grace);
  const collectedAt = before.collectedAt;
  const state =
    announced.size() === 0
      ? before
      : await announce(options, lease, { before, condemned: announced.size(), collectedAt });
  if (announced.size() > 0) await settle(options, lease);
  const step = async () => {
    options.signal?.throwIfAborted();
    options.read?.();
    await lease.hold();
  };
  const isAnnounced = ({ digest, marker }: Found) =>
    announced.has(digest) && (marker?.modifiedAt ?? 0) <= lease.takenAt;
  let condemned = 0;
  for await (const planned of planStore({ ...options, now: lease.takenAt, step, isAnnounced })) {
    const outcome = await execute(options, lease, planned);
    if (outcome === 'keep') continue;
    if (outcome === 'condemn' || outcome === 'wait' || outcome === 'spared') condemned += 1;
    options.progress?.({ ...planned, outcome });
  }
  await announce(options, lease, { before: state, condemned, collectedAt: lease.takenAt });
}

/** What may be deleted, once everybody knows that it is condemned. */
async function condemnedBefore(storage: StorageDriver, time: number): Promise<ReferenceSet> {
  const digests = referenceSet();
  for await (const { key, modifiedAt } of storage.list(CONDEMNED_PREFIX)) {
    const digest = digestOfCondemned(key);
    if (digest !== undefined && modifiedAt <= time) digests.add(digest);
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

async function execute(
  { storage }: CollectOptions,
  lease: CollectionLease,
  { digest, verdict, removable, version = '' }: PlannedDigest,
): Promise<CollectStep['outcome']> {
  if (verdict === 'keep' || verdict === 'wait') return verdict;
  await lease.hold();
  switch (verdict) {
    case 'condemn':
      await createMarker(storage, digest, 'condemned');
      return verdict;
    case 'acquit':
      await removeMarker(storage, digest, version);
      return verdict;
    case 'sweep': {
      const isSwept = await sweepDigest({ storage, lease, digest, removable, version });
      return isSwept ? 'swept' : 'spared';
    }
  }
}
