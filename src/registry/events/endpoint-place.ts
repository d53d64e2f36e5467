// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { readVersioned } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';
import { lastBatch } from './event-appender.ts';
import { type Cursor, formatCursor, parseCursor } from './event-follower.ts';
import { endpointKey } from './event-keys.ts';

/** Milliseconds for which a replica that tells an endpoint need not show that it lives. */
export const LEASE = 30_000;

/** How far an endpoint has been told, in the hands of the one replica that is telling it. */
export interface HeldPlace {
  readonly cursor: Cursor;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface PlacePorts {
  readonly storage: StorageDriver;
  readonly endpoint: string;
  /** This replica, and this run of it. */
  readonly holder: string;
  readonly now: () => number;
}

interface Place {
  readonly cursor: Cursor;
  readonly holder: string | undefined;
  readonly until: number;
}

/**
 * Takes the place of an endpoint, unless another replica has it. One that is not there begins with what happens from
 * now on. Clocks may differ: then two may tell the same for a while, and one of them finds that it is not the one.
 */
export async function takePlace(ports: PlacePorts): Promise<HeldPlace | undefined> {
  const { storage, endpoint, holder, now } = ports;
  const found = await readPlace(storage, endpoint);
  if (found === undefined) {
    const cursor = { batch: (await lastBatch(storage)) + 1, index: 0 };
    return writePlace(ports, { cursor, holder, until: now() + LEASE }, { absent: true });
  }
  const { place, version } = found;
  const isTaken = place.holder !== undefined && place.holder !== holder && place.until > now();
  if (isTaken) return undefined;
  return writePlace(ports, { ...place, holder, until: now() + LEASE }, { version });
}

/** Goes on holding it, from a cursor on. Undefined when somebody else has taken it. */
export function keepPlace(
  ports: PlacePorts,
  { version }: HeldPlace,
  cursor: Cursor,
): Promise<HeldPlace | undefined> {
  const { holder, now } = ports;
  return writePlace(ports, { cursor, holder, until: now() + LEASE }, { version });
}

/** For the next one to take at once. */
export async function leavePlace(
  ports: PlacePorts,
  { version }: HeldPlace,
  cursor: Cursor,
): Promise<void> {
  await writePlace(ports, { cursor, holder: undefined, until: 0 }, { version });
}

async function writePlace(
  { storage, endpoint }: PlacePorts,
  { cursor, holder, until }: Place,
  condition: { readonly absent: true } | { readonly version: string },
): Promise<HeldPlace | undefined> {
  // The nonce makes equal places different, for stores whose versions are hashes of content.
  const body = { cursor: formatCursor(cursor), holder, until, nonce: randomUUID() };
  const written = await storage.write(endpointKey(endpoint), JSON.stringify(body), { condition });
  return written === 'conflict' ? undefined : { cursor, until, version: written.version };
}

async function readPlace(
  storage: StorageDriver,
  endpoint: string,
): Promise<{ readonly place: Place; readonly version: string } | undefined> {
  const key = endpointKey(endpoint);
  const found = await readVersioned(storage, key);
  if (found === undefined) return undefined;
  const { cursor, holder, until } = isObject(found.value) ? found.value : {};
  const parsed = typeof cursor === 'string' ? parseCursor(cursor) : undefined;
  if (parsed === undefined) throw new StoreError('damaged', key, 'no place of an endpoint');
  const place = {
    cursor: parsed,
    holder: typeof holder === 'string' ? holder : undefined,
    until: typeof until === 'number' ? until : 0,
  };
  return { place, version: found.version };
}
