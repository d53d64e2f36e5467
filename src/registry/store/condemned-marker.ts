// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Marker } from '../../core/collection/plan-digest.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { condemnedKey } from './layout.ts';
import { readVersioned } from './small-object.ts';
import { StoreError } from './store-error.ts';

export type MarkerState = Marker['state'];

export interface FoundMarker {
  readonly state: MarkerState;
  /** It changes only on condition that it is still this one: of two that change it one does. */
  readonly version: string;
}

/** Marks a digest; undefined when it is marked already. */
export async function createMarker(
  storage: StorageDriver,
  digest: Digest,
  state: MarkerState,
): Promise<string | undefined> {
  const condition = { absent: true } as const;
  const info = await storage.write(condemnedKey(digest), textOf(state), { condition });
  return info === 'conflict' ? undefined : info.version;
}

export async function findMarker(
  storage: StorageDriver,
  digest: Digest,
): Promise<FoundMarker | undefined> {
  const key = condemnedKey(digest);
  const found = await readVersioned(storage, key);
  if (found === undefined) return undefined;
  const { value, version } = found;
  const state = isObject(value) ? value['state'] : undefined;
  if (state === 'condemned' || state === 'alive' || state === 'deleting') return { state, version };
  throw new StoreError('damaged', key, 'no marker of a collection');
}

/** The version it has then; undefined when it is no longer what it was. */
export async function swapMarker(
  storage: StorageDriver,
  digest: Digest,
  { version, to }: { readonly version: string; readonly to: MarkerState },
): Promise<string | undefined> {
  const condition = { version };
  const info = await storage.write(condemnedKey(digest), textOf(to), { condition });
  return info === 'conflict' ? undefined : info.version;
}

export async function removeMarker(
  storage: StorageDriver,
  digest: Digest,
  version: string,
): Promise<void> {
  await storage.remove(condemnedKey(digest), { condition: { version } });
}

/** The nonce is for stores whose versions are hashes of content. */
function textOf(state: MarkerState): string {
  return JSON.stringify({ state, nonce: randomUUID() });
}
