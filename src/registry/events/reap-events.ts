// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../storage/driver.ts';
import type { AppendEvents } from './event-appender.ts';
import { recoverIntents } from './event-intents.ts';
import { DEAD_PREFIX, LOG_PREFIX } from './event-keys.ts';

export interface ReapEventsOptions {
  readonly storage: StorageDriver;
  readonly append: AppendEvents;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds. */
  readonly keep: number;
}

export interface ReapedEvents {
  /** Events whose process died before it logged them. */
  readonly recovered: number;
  /** Batches and dead letters that were kept long enough. */
  readonly removed: number;
}

/** Milliseconds after which whoever wrote an intent is not going to carry it out any more. */
export const INTENT_LIFETIME = 15 * 60_000;

/** Logs what nobody came to logging, and removes what is too old. Safe beside registries that are serving. */
export async function reapEvents(options: ReapEventsOptions): Promise<ReapedEvents> {
  const { now, keep } = options;
  const recovered = await recoverIntents(options, now - INTENT_LIFETIME);
  const log = await removeOldLog(options.storage, now - keep);
  const dead = await removeOldDead(options.storage, now - keep);
  return { recovered, removed: log + dead };
}

/**
 * Removes from the oldest on, so that there is never a gap, and never the newest one, which says what number comes
 * next.
 */
async function removeOldLog(storage: StorageDriver, before: number): Promise<number> {
  let removed = 0;
  let old: string | undefined;
  for await (const { key, modifiedAt } of storage.list(LOG_PREFIX)) {
    // There is a newer one.
    if (old !== undefined) {
      await storage.remove(old);
      removed += 1;
    }
    if (modifiedAt > before) return removed;
    old = key;
  }
  return removed;
}

async function removeOldDead(storage: StorageDriver, before: number): Promise<number> {
  let removed = 0;
  for await (const { key, modifiedAt } of storage.list(DEAD_PREFIX)) {
    if (modifiedAt > before) continue;
    await storage.remove(key);
    removed += 1;
  }
  return removed;
}
