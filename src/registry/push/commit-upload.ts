// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Visit } from '../registry-ports.ts';
import { linkNewBlob } from '../store/blob-store.ts';
import { claim, isBlobKept } from '../store/keep.ts';
import { blobKey, uploadDataKey, uploadSessionKey } from '../store/layout.ts';
import { uploadUnknown, wrongDigest } from '../store/refusals.ts';
import { verified } from '../store/verify-body.ts';
import { endSession, type UploadSession } from './upload-session.ts';

/**
 * Makes a blob of an upload that has all its bytes. Whoever breaks off on the way can do it again, and two at
 * once do it as one: the content of a session with so many bytes is always the same.
 *
 * @throws RegistryError `DIGEST_INVALID`
 */
export async function commitUpload(
  visit: Visit,
  session: UploadSession,
  digest: Digest,
): Promise<void> {
  const { registry, storage, repository } = visit;
  const { received, digest: known } = session.record;
  const isKnown = known !== undefined && algorithmOf(known) === algorithmOf(digest);
  if (isKnown && known !== digest) throw wrongDigest(digest);
  const place = { storage, repository, digest };
  const claimed = await claim(registry.condemned, [digest]);
  if (isKnown) await assemble(visit, session, blobKey(digest));
  else await assembleUnknown(visit, session, digest);
  await linkNewBlob(place, received);
  const isKept = await isBlobKept(place, claimed);
  registry.hashes.forget(session.id);
  // Nobody goes on with what is finished, so nobody changes its session: no look is needed before it goes.
  const [key, condition] = [uploadSessionKey(session.id), { version: session.version }];
  const removed = await storage.remove(key, { condition, isTransient: true });
  if (removed === 'conflict') await storage.remove(key, { isTransient: true });
  // A collection took the bytes at this very moment, and the session had no others: they have to be sent again.
  if (!isKept) throw uploadUnknown();
}

/** Bytes that are yet to be hashed come to a place of their own first. */
async function assembleUnknown(
  visit: Visit,
  session: UploadSession,
  digest: Digest,
): Promise<void> {
  const { storage } = visit;
  const dataKey = uploadDataKey(session.id);
  await assemble(visit, session, dataKey);
  await requireBytes(visit, session, digest);
  const copied = await storage.copy(dataKey, blobKey(digest));
  if (copied === undefined) throw uploadUnknown(); // somebody else has finished meanwhile
  await storage.remove(dataKey);
}

/** Makes one object of the parts, unless somebody who broke off, or is just ahead, has done so. */
async function assemble({ storage }: Visit, { record }: UploadSession, key: string): Promise<void> {
  const { upload, received } = record;
  if (upload === undefined) return;
  try {
    await storage.finishUpload({ ...upload, key });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const info = await storage.stat(key);
    if (info?.size === received) return;
    throw error.code === 'unknown-upload' ? uploadUnknown() : error;
  }
}

/** Reads everything back: of a session that another process began, and for a digest of another algorithm. */
async function requireBytes(visit: Visit, session: UploadSession, digest: Digest): Promise<void> {
  const { registry, storage, request } = visit;
  const found = await storage.read(uploadDataKey(session.id), undefined, request.signal);
  if (found === undefined) throw uploadUnknown();
  try {
    const size = session.record.received;
    for await (const _ of verified(found.body, { digest, size })); // only its failure counts
  } catch (error) {
    // Its parts are one object now: there is nothing left to go on with.
    if (error instanceof RegistryError) await endSession(registry, session);
    throw error;
  }
}
