// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { COLLECTION_STATE_KEY } from './layout.ts';
import { readVersioned } from './small-object.ts';
import { StoreError } from './store-error.ts';

/** What everybody who pushes has to know of collections. */
export interface CollectionState {
  /** Another one whenever markers were written or removed. */
  readonly generation: number;
  /** How many digests were condemned when it was written. */
  readonly condemned: number;
  /** When a collection came to its end last; milliseconds since 1970, by the store's clock. */
  readonly collectedAt: number;
}

export interface FoundState extends CollectionState {
  /** Undefined when nobody has ever collected. */
  readonly version: string | undefined;
}

export async function readCollectionState(storage: StorageDriver): Promise<FoundState> {
  const found = await readVersioned(storage, COLLECTION_STATE_KEY);
  if (found === undefined)
    return { generation: 0, condemned: 0, collectedAt: 0, version: undefined };
  const { value, version } = found;
  const fields = isObject(value) ? value : {};
  const { generation, condemned, collectedAt } = fields;
  const isWhole = typeof generation === 'number' && typeof condemned === 'number';
  if (isWhole && typeof collectedAt === 'number')
    return { generation, condemned, collectedAt, version };
  throw new StoreError('damaged', COLLECTION_STATE_KEY, 'no state of collections');
}

/** Says what has changed; undefined when somebody else has said something meanwhile. */
export async function announceState(
  storage: StorageDriver,
  before: FoundState,
  state: Omit<CollectionState, 'generation'>,
): Promise<FoundState | undefined> {
  const next = { ...state, generation: before.generation + 1 };
  const body = JSON.stringify({ ...next, nonce: randomUUID() });
  const condition =
    before.version === undefined ? ({ absent: true } as const) : { version: before.version };
  const info = await storage.write(COLLECTION_STATE_KEY, body, { condition });
  return info === 'conflict' ? undefined : { ...next, version: info.version };
}
