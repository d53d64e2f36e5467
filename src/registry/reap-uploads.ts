// SPDX-License-Identifier: Apache-2.0
import { parseUploadId, type UploadId } from '../core/oci/upload-id.ts';
import { UPLOADS_PREFIX, uploadDataKey } from './layout.ts';
import type { Registry } from './registry-ports.ts';
import { endSession, findSession } from './upload-session.ts';

/** What was found of uploads that nobody goes on with. */
export interface Reaped {
  /** Sessions that were over, and ended. */
  readonly sessions: number;
  /** Bytes left behind without a session, by whoever broke off while one was ended. */
  readonly orphans: number;
}

/**
 * Ends upload sessions that are over, and takes away what was left behind. Replicas may do it at once: what one
 * has ended the others find gone.
 */
export async function reapUploads(registry: Registry): Promise<Reaped> {
  let [sessions, orphans] = [0, 0];
  for (const id of await uploadsIn(registry)) {
    const session = await findSession(registry.storage, id);
    if (session === undefined) orphans += Number(await removeOrphan(registry, id));
    else if (session.record.expiresAt <= registry.now()) {
      await endSession(registry, session);
      sessions += 1;
    }
  }
  return { sessions, orphans };
}

/** Their ids, read before anything is changed: there are as many as clients that broke off in a day. */
async function uploadsIn({ storage }: Registry): Promise<UploadId[]> {
  const ids: UploadId[] = [];
  for await (const { key } of storage.list(UPLOADS_PREFIX, { delimiter: '/' })) {
    const id = parseUploadId(key.slice(UPLOADS_PREFIX.length, -1));
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

/** Its age is told by the store's clock, because its session, which knew, is gone. */
async function removeOrphan({ storage, now, settings }: Registry, id: UploadId): Promise<boolean> {
  const data = await storage.stat(uploadDataKey(id));
  if (data === undefined || data.modifiedAt + settings.uploadLifetime > now()) return false;
  return (await storage.remove(uploadDataKey(id))) === 'removed';
}
