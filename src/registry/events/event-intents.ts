// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { linkKey } from '../store/layout.ts';
import { findManifestRecord, findTagRecord } from '../store/records.ts';
import { readJson } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';
import type { AppendEvents } from './event-appender.ts';
import { logFrom, START } from './event-follower.ts';
import { PENDING_PREFIX, pendingPrefix } from './event-keys.ts';
import { isEnd, parseEvents, type RegistryEvent } from './registry-event.ts';

export interface IntentPorts {
  readonly storage: StorageDriver;
  readonly append: AppendEvents;
}

export interface Concern {
  readonly repository: string;
  /** The key of one's own intent, which is not done yet. */
  readonly own: string;
  readonly isMeant: (event: RegistryEvent) => boolean;
}

/**
 * Sees to it that what others have done is in the log before something is done on top of it, or before that is told.
 * They may be about to log it themselves: then it is there twice, under one id.
 */
export async function settleIntents(
  { storage, append }: IntentPorts,
  { repository, own, isMeant }: Concern,
): Promise<void> {
  const ended: RegistryEvent[] = [];
  const begun: RegistryEvent[] = [];
  for await (const { key } of storage.list(pendingPrefix(repository))) {
    if (key === own) continue;
    const intent = await readIntent(storage, key);
    if (intent?.events.some(isMeant) !== true) continue;
    // All of them: a tag must not be told of before the manifest that came with it.
    for (const event of await doneOf(storage, intent)) {
      (isEnd(event) ? ended : begun).push(event);
    }
  }
  // What there is came after what there was.
  if (ended.length + begun.length > 0) await append([...ended, ...begun]);
}

/**
 * Logs what was done by whoever never came to logging it, and forgets what nobody came to doing.
 *
 * @param before milliseconds since 1970; intents that were written later may still be carried out
 * @returns how many events were recovered
 */
export async function recoverIntents(
  { storage, append }: IntentPorts,
  before: number,
): Promise<number> {
  let recovered = 0;
  for await (const { key, modifiedAt } of storage.list(PENDING_PREFIX)) {
    if (modifiedAt > before) continue;
    const done = await recoverable(storage, key);
    if (done === undefined) continue;
    if (done.length > 0) await append(done);
    await storage.remove(key);
    recovered += done.length;
  }
  return recovered;
}

/** Undefined when what it is about is damaged: it waits until somebody has mended that. */
async function recoverable(
  storage: StorageDriver,
  key: string,
): Promise<readonly RegistryEvent[] | undefined> {
  try {
    const intent = await readIntent(storage, key);
    return intent === undefined ? [] : await doneOf(storage, intent);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

interface Intent {
  readonly events: readonly RegistryEvent[];
  /** A batch that was in the log before any of it was done. */
  readonly logged: number;
}

/** Undefined when it is in the log by now. */
async function readIntent(storage: StorageDriver, key: string): Promise<Intent | undefined> {
  const found = await readJson(storage, key);
  if (found === undefined) return undefined;
  const events = parseEvents(found);
  const logged = isObject(found) ? found['logged'] : undefined;
  if (events !== undefined && typeof logged === 'number') return { events, logged };
  throw new StoreError('damaged', key, 'no list of events');
}

async function doneOf(
  storage: StorageDriver,
  { events, logged }: Intent,
): Promise<readonly RegistryEvent[]> {
  const done: RegistryEvent[] = [];
  for (const event of events) if (await isDone(storage, event, logged)) done.push(event);
  return done;
}

/**
 * Whether the store is as it is after this, and not because of somebody else. Of what was done and undone since,
 * whoever undid it has told. What is gone does not say who took it; but who means to take the same means the same event.
 */
async function isDone(
  storage: StorageDriver,
  event: RegistryEvent,
  logged: number,
): Promise<boolean> {
  const { id, type, repository, digest, tag } = event;
  switch (type) {
    case 'tag.set':
      return (await findTagRecord(storage, repository, tag ?? ''))?.nonce === id;
    case 'tag.deleted':
      return isTagDeleted(storage, event, logged);
    case 'manifest.pushed':
    case 'manifest.deleted': {
      if (digest === undefined) return false;
      const record = await findManifestRecord(storage, repository, digest);
      if (type === 'manifest.pushed') return record?.nonce === id;
      return record === undefined || (record.nonce ?? event.ends) !== event.ends;
    }
    case 'blob.deleted':
      if (digest === undefined) return false;
      return (await storage.stat(linkKey(digest, repository))) === undefined;
  }
}

/** A tag that is not what it was to end was either deleted or moved, and who moved it says so. */
async function isTagDeleted(
  storage: StorageDriver,
  event: RegistryEvent,
  logged: number,
): Promise<boolean> {
  const { repository, tag = '', ends } = event;
  const record = await findTagRecord(storage, repository, tag);
  if (record !== undefined && (record.nonce === ends || record.ends === ends)) return false;
  // One that was moved, and then deleted: who did that has seen to it that the move is in the log.
  const from = { batch: Math.max(logged, START.batch), index: 0 };
  for await (const { event: other } of logFrom(storage, from)) {
    const isOfTag = other.repository === repository && other.tag === tag;
    if (isOfTag && other.type === 'tag.set' && other.ends === ends) return false;
  }
  return true;
}
