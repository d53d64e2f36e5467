// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { type Digest, type DigestAlgorithm, parseDigest } from '../../core/oci/digest.ts';
import { isObject } from '../../core/oci/json-object.ts';
import { parseUploadId, type UploadId } from '../../core/oci/upload-id.ts';
import type { StorageDriver, UploadHandle } from '../../storage/driver.ts';
import type { Registry, Visit } from '../registry-ports.ts';
import { uploadDataKey, uploadSessionKey } from '../store/layout.ts';
import { uploadUnknown } from '../store/refusals.ts';
import { orDamaged } from '../store/repository-scan.ts';
import { readVersioned } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';

/** What is written down of an upload, for whichever process goes on with it. */
export interface SessionRecord {
  readonly repository: string;
  /** Whose it is; absent for nobody in particular. */
  readonly principal?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly algorithm: DigestAlgorithm;
  /** Bytes. */
  readonly received: number;
  /** Of what was received; absent before anything was, and when it is not known without reading it back. */
  readonly digest?: Digest;
  /** Where the bytes are; absent before there are any. */
  readonly upload?: UploadHandle;
  /** Makes equal records different, for stores whose versions are hashes of content. */
  readonly nonce: string;
}

export interface UploadSession {
  readonly id: UploadId;
  /** Of the object it is stored in: it changes only on condition that it is still that. */
  readonly version: string;
  readonly record: SessionRecord;
}

export async function startSession(
  { registry, repository, grant }: Visit,
  algorithm: DigestAlgorithm,
): Promise<UploadSession> {
  const id = newUploadId();
  const record: SessionRecord = {
    repository,
    ...(grant.name !== undefined && { principal: grant.name }),
    expiresAt: registry.now() + registry.settings.uploadLifetime,
    algorithm,
    received: 0,
    nonce: randomUUID(),
  };
  const info = await registry.storage.write(uploadSessionKey(id), JSON.stringify(record), {
    condition: { absent: true },
    isTransient: true,
  });
  if (info === 'conflict')
    throw new StoreError('damaged', uploadSessionKey(id), 'an id came twice');
  return { id, version: info.version, record };
}

function newUploadId(): UploadId {
  const id = parseUploadId(randomBytes(16).toString('hex'));
  if (id !== undefined) return id;
  throw new Error('unreachable: the grammar of an upload id by construction');
}

/**
 * The session of this repository and of whoever asks. Anybody else's is as good as absent.
 *
 * @throws RegistryError `BLOB_UPLOAD_UNKNOWN`
 */
export async function requireSession(
  { registry, repository, grant }: Visit,
  id: UploadId | undefined,
): Promise<UploadSession> {
  if (id === undefined) throw uploadUnknown();
  const session = await findSession(registry.storage, id);
  if (session === undefined) throw uploadUnknown();
  const { record } = session;
  const isTheirs = record.repository === repository && record.principal === grant.name;
  if (!isTheirs || record.expiresAt <= registry.now()) throw uploadUnknown();
  return session;
}

/** What the end of a machine tore is none: it has to be begun again. */
export async function findSession(
  storage: StorageDriver,
  id: UploadId,
): Promise<UploadSession | undefined> {
  const found = await orDamaged(readVersioned(storage, uploadSessionKey(id)));
  if (found === undefined || found === 'damaged') return undefined;
  const { value, version } = found;
  return isSessionRecord(value) ? { id, version, record: value } : undefined;
}

// Only what is relied on is checked: these documents are our own.
function isSessionRecord(value: unknown): value is SessionRecord {
  if (!isObject(value)) return false;
  const { repository, expiresAt, received, digest } = value;
  const isDigest = typeof digest === 'string' && parseDigest(digest) !== undefined;
  if (digest !== undefined && !isDigest) return false;
  return (
    typeof repository === 'string' && typeof expiresAt === 'number' && typeof received === 'number'
  );
}

/** What a chunk changes. */
export interface SessionProgress {
  readonly received: number;
  readonly digest: Digest | undefined;
  readonly upload: UploadHandle;
}

/** Undefined when the session is no longer what it was: somebody else went on with it, or it is gone. */
export async function advanceSession(
  { storage, now, settings }: Registry,
  { id, version, record }: UploadSession,
  { received, digest, upload }: SessionProgress,
): Promise<UploadSession | undefined> {
  const { digest: _, ...kept } = record;
  const next: SessionRecord = {
    ...kept,
    received,
    upload,
    ...(digest !== undefined && { digest }),
    expiresAt: now() + settings.uploadLifetime,
    nonce: randomUUID(),
  };
  const info = await storage.write(uploadSessionKey(id), JSON.stringify(next), {
    condition: { version },
    isTransient: true,
  });
  return info === 'conflict' ? undefined : { id, version: info.version, record: next };
}

/** Leaves nothing of an upload. The session goes last: whoever breaks off here can do it again. */
export async function endSession(
  { storage, hashes }: Registry,
  { id, record }: UploadSession,
): Promise<void> {
  hashes.forget(id);
  if (record.upload !== undefined) {
    await storage.abortUpload(record.upload);
    await storage.remove(uploadDataKey(id));
  }
  await storage.remove(uploadSessionKey(id), { isTransient: true });
}
