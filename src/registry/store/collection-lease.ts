// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ObjectInfo, StorageDriver } from '../../storage/driver.ts';
import { COLLECTION_CLOCK_KEY, COLLECTION_LEASE_KEY } from './layout.ts';
import { StoreError } from './store-error.ts';

/** Milliseconds without renewal after which whoever collected is taken for dead. */
export const LEASE_LIFETIME = 120_000;
/** Nothing is asked of the store later than this after a renewal: what was asked then has ended long before the lease. */
const TRUSTED = 30_000;
const RENEWED_AFTER = 15_000;

/** That nobody else collects. */
export interface CollectionLease {
  /** The store's time when it was taken; milliseconds since 1970. */
  readonly takenAt: number;
  /**
   * To be called before every change. Renews the lease when it is time to.
   *
   * @throws LeaseLostError
   */
  hold(): Promise<void>;
  /** Only when everything that was asked of the store has ended well: else it has to run out. */
  release(): Promise<void>;
}

/** Somebody else collects by now, or could. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Undefined while somebody else collects. */
export async function takeLease(
  storage: StorageDriver,
  elapsed: () => number,
): Promise<CollectionLease | undefined> {
  const found = await storage.stat(COLLECTION_LEASE_KEY);
  if (found !== undefined && !(await isOver(storage, found))) return undefined;
  const startedAt = elapsed();
  const condition = found === undefined ? ({ absent: true } as const) : { version: found.version };
  const taken = await writeLease(storage, condition);
  return taken && leaseOf(storage, elapsed, { startedAt, info: taken });
}

/** Makes sure that nobody deletes any more; false when somebody may. Who held a lease that is over notices. */
export async function endDeadLease(storage: StorageDriver): Promise<boolean> {
  const found = await storage.stat(COLLECTION_LEASE_KEY);
  if (found === undefined) return true;
  if (!(await isOver(storage, found))) return false;
  const condition = { version: found.version };
  return (await storage.remove(COLLECTION_LEASE_KEY, { condition })) === 'removed';
}

interface Renewal {
  /** By this process' clock, before the store was asked. */
  readonly startedAt: number;
  readonly info: ObjectInfo;
}

function leaseOf(storage: StorageDriver, elapsed: () => number, taken: Renewal): CollectionLease {
  let last = taken;
  const renew = async () => {
    const startedAt = elapsed();
    const info = await writeLease(storage, { version: last.info.version });
    if (info === undefined) throw new LeaseLostError('somebody else has begun to collect');
    last = { startedAt, info };
  };
  return {
    takenAt: taken.info.modifiedAt,
    async hold() {
      if (elapsed() - last.startedAt > RENEWED_AFTER) await renew();
      if (elapsed() - last.startedAt <= TRUSTED) return;
      throw new LeaseLostError('the store is too slow, or this process was stopped');
    },
    async release() {
      const condition = { version: last.info.version };
      await storage.remove(COLLECTION_LEASE_KEY, { condition });
    },
  };
}

async function writeLease(
  storage: StorageDriver,
  condition: { readonly absent: true } | { readonly version: string },
): Promise<ObjectInfo | undefined> {
  const body = JSON.stringify({ nonce: randomUUID() });
  const info = await storage.write(COLLECTION_LEASE_KEY, body, { condition });
  return info === 'conflict' ? undefined : info;
}

async function isOver(storage: StorageDriver, { modifiedAt }: ObjectInfo): Promise<boolean> {
  return modifiedAt + LEASE_LIFETIME <= (await storeTime(storage));
}

/** Clocks of processes differ; what is stored was written by the store's. */
async function storeTime(storage: StorageDriver): Promise<number> {
  const info = await storage.write(COLLECTION_CLOCK_KEY, randomUUID());
  if (info !== 'conflict') return info.modifiedAt;
  throw new StoreError('damaged', COLLECTION_CLOCK_KEY, 'a write without a condition was refused');
}
