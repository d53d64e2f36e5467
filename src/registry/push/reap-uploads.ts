// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../storage/driver.ts';
import { DEFAULT_SETTINGS } from '../registry-ports.ts';
import { UPLOADS_PREFIX, uploadDataKey, uploadIdOfKey, uploadSessionKey } from '../store/layout.ts';
import { findSession, type UploadSession } from './upload-session.ts';

/**
 * Removes uploads that nobody went on with, and what crashes left of others. Safe beside registries that are
 * serving: a session goes only if it is still the one that was found to be over.
 *
 * @param now milliseconds since 1970
 * @returns how many uploads were removed
 */
export async function reapUploads(
  storage: StorageDriver,
  now: number,
  lifetime: number = DEFAULT_SETTINGS.uploadLifetime,
): Promise<number> {
  let removed = 0;
  const underWay = new Set<string>();
  for await (const { key, modifiedAt } of storage.list(UPLOADS_PREFIX)) {
    const id = uploadIdOfKey(key);
    const session = id === undefined ? undefined : await findSession(storage, id);
    if (session === undefined) {
      // Data without a session: what finishes an upload removes the session last, so nobody comes back for it.
      if (modifiedAt + lifetime <= now) await storage.remove(key, { isTransient: true });
    } else if (session.record.expiresAt <= now) {
      removed += await reap(storage, session);
    } else if (session.record.upload !== undefined) {
      underWay.add(session.record.upload.id);
    }
  }
  return removed + (await sweep(storage, underWay, now - Math.max(lifetime, LONGEST_REQUEST)));
}

/** Milliseconds: what one request uploads is in no session, and may be under way for long. */
const LONGEST_REQUEST = 24 * 60 * 60_000;

/** What a process that died left in the store itself, where nothing of ours leads to it. */
async function sweep(
  { sweepUploads }: StorageDriver,
  underWay: ReadonlySet<string>,
  before: number,
): Promise<number> {
  if (sweepUploads === undefined) return 0;
  return sweepUploads({ before, isUnderWay: (id) => underWay.has(id) });
}

async function reap(
  storage: StorageDriver,
  { id, version, record }: UploadSession,
): Promise<number> {
  const options = { condition: { version }, isTransient: true };
  if ((await storage.remove(uploadSessionKey(id), options)) !== 'removed') return 0;
  if (record.upload !== undefined) await storage.abortUpload(record.upload);
  await storage.remove(uploadDataKey(id), { isTransient: true });
  return 1;
}
