// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { StoreError } from '../store/store-error.ts';
import { lastBatch } from './event-appender.ts';
import {
  type Cursor,
  formatCursor,
  type LoggedEvent,
  parseCursor,
  readLog,
} from './event-follower.ts';

/** That a repository has a manifest, or that a tag points at it. */
export interface RegistryChange {
  readonly repository: string;
  readonly digest: Digest;
  readonly tag?: string | undefined;
  readonly subject?: Digest | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface RegistryChangePage {
  readonly changes: readonly RegistryChange[];
  readonly cursor: string;
}

/** What came into a registry, from its log of events; whoever lost their place in it has to look at everything. */
export function registryChanges(storage: StorageDriver) {
  let isPlaced = false;
  return {
    async end(): Promise<string> {
      isPlaced = true;
      return formatCursor({ batch: (await lastBatch(storage)) + 1, index: 0 });
    },

    /** Undefined when what comes next is not known: the cursor is too old, of another log, or none. */
    async since(text: string): Promise<RegistryChangePage | undefined> {
      const at = parseCursor(text);
      if (at === undefined) return undefined;
      try {
        if (!isPlaced && !(await isIn(storage, at))) return undefined;
        isPlaced = true;
        const { events, missed } = await readLog(storage, at);
        if (missed > 0) return undefined;
        const cursor = events.at(-1)?.cursor ?? at;
        return { changes: events.flatMap(changeOf), cursor: formatCursor(cursor) };
      } catch (error) {
        if (error instanceof StoreError) return undefined; // a batch that nobody can read
        throw error;
      }
    },
  };
}

/**
 * Whether a place from before is one of this log. Another registry that was put in the place of the one it is of would
 * be waited for until it has as many events; and one without any may be one that does not log them.
 */
async function isIn(storage: StorageDriver, { batch }: Cursor): Promise<boolean> {
  const last = await lastBatch(storage);
  return last > 0 && batch <= last + 1;
}

function changeOf({ event }: LoggedEvent): readonly RegistryChange[] {
  const { type, repository, digest, tag, subject, time } = event;
  const isNew = type === 'manifest.pushed' || type === 'tag.set';
  if (!isNew || digest === undefined) return [];
  return [{ repository, digest, tag, subject, at: Date.parse(time) }];
}
