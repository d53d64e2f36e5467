// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Visit } from '../registry-ports.ts';
import { linkBlob } from '../store/blob-store.ts';
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
  const { registry, storage } = visit;
  const { received, digest: known } = session.record;
  const isKnown = known !== undefined && algorithmOf(known) === algorithmOf(digest);
  if (isKnown && known !== digest) throw wrongDigest(digest);
  const linkKept = await linking(visit, digest);
  const isThere = (await storage.stat(blobKey(digest)))?.size === received;
  if (isThere && isKnown && (await linkKept())) {
    await endSession(registry, session);
    return;
  }
  await assemble(visit, session);
  if (!isKnown) await requireBytes(visit, session, digest);
  do {
    const copied = await storage.copy(uploadDataKey(session.id), blobKey(digest));
    if (copied === undefined) throw uploadUnknown(); // somebody else has finished meanwhile
  } while (!(await linkKept()));
  registry.hashes.forget(session.id);
  await storage.remove(uploadDataKey(session.id));
  await storage.remove(uploadSessionKey(session.id));
}

/** What links the bytes; false when they have just been deleted: the session still has them, to write them again. */
async function linking(
  { registry, storage, repository }: Visit,
  digest: Digest,
): Promise<() => Promise<boolean>> {
  const place = { storage, repository, digest };
  const claimed = await claim(registry.condemned, [digest]);
  return async () => {
    await linkBlob(place);
    return isBlobKept(place, claimed);
  };
}

/** Makes one object of the parts, unless somebody who broke off, or is just ahead, has done so. */
async function assemble({ storage }: Visit, { id, record }: UploadSession): Promise<void> {
  const { upload, received } = record;
  if (upload === undefined) return;
  try {
    await storage.finishUpload(upload);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const info = await storage.stat(uploadDataKey(id));
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
