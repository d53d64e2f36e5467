// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../core/oci/content-headers.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Reference } from '../../core/oci/reference.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import { auditDone } from '../audit/audit-done.ts';
import type { Happening } from '../events/registry-event.ts';
import { tellOf } from '../events/tell-of.ts';
import { manifestUnknown } from '../pull/pull-manifest.ts';
import { unknownError } from '../pull/unknown-error.ts';
import type { Visit } from '../registry-ports.ts';
import { isLinked } from '../store/blob-store.ts';
import {
  deletedBlobsKey,
  linkKey,
  manifestKey,
  referrerKey,
  tagKey,
  tagOfKey,
  tagPrefix,
} from '../store/layout.ts';
import { findManifestRecord, findManifestVersion, findTag } from '../store/records.ts';
import { denied } from '../store/refusals.ts';
import { createOnce } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';
import { isImmutable } from './immutable-tags.ts';

const DELETED: HttpAnswer = { status: 202, headers: API_VERSION };

/**
 * Takes a blob out of a repository. Its bytes stay until nobody has linked them for so long that nobody can be
 * about to: whoever pushes or mounts them at this moment must not be left with a link to nothing.
 */
export async function deleteBlob(visit: Visit, digest: Digest): Promise<HttpAnswer> {
  const { storage, repository } = visit;
  if ((await findManifestRecord(storage, repository, digest)) !== undefined) {
    throw new RegistryError('UNSUPPORTED', 'this is a manifest: delete it as one');
  }
  if (!(await isLinked({ storage, repository, digest }))) {
    throw await unknownError(visit, 'BLOB_UNKNOWN', digest);
  }
  const deleted: Happening = { type: 'blob.deleted', digest };
  const telling = tellOf(visit);
  await telling.announce(deleted);
  // Before the link goes, so that no push takes its references for granted that finds none of this.
  await createOnce(storage, deletedBlobsKey(repository), '');
  const outcome = await storage.remove(linkKey(digest, repository));
  if (outcome === 'removed') telling.done(deleted);
  await telling.finish();
  if (outcome === 'absent') throw await unknownError(visit, 'BLOB_UNKNOWN', digest);
  await auditDone(visit, { operation: 'blob-delete', digest });
  return DELETED;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests */
export async function deleteManifest(visit: Visit, reference: Reference): Promise<HttpAnswer> {
  return reference.kind === 'tag'
    ? deleteTag(visit, reference.tag)
    : deleteByDigest(visit, reference.digest);
}

async function deleteTag(visit: Visit, tag: string): Promise<HttpAnswer> {
  const { storage, repository } = visit;
  if (isImmutable(visit, tag)) throw immutable(tag);
  for (;;) {
    const found = await lookAtTag(visit, tag);
    if (found === undefined) throw await manifestUnknown(visit, { kind: 'tag', tag });
    const { digest, version, nonce } = found;
    const deleted: Happening = { type: 'tag.deleted', tag, digest, ends: nonce };
    const telling = tellOf(visit);
    await telling.announce(deleted);
    const outcome = await storage.remove(tagKey(repository, tag), { condition: { version } });
    if (outcome === 'removed') telling.done(deleted);
    await telling.finish();
    // Whoever was faster got what they wanted, so this ends.
    if (outcome !== 'removed') continue;
    await auditDone(visit, { operation: 'tag-delete', tag, digest });
    return DELETED;
  }
}

/** A damaged one does not say what it points at, and may go all the same. */
async function lookAtTag(
  { storage, repository }: Visit,
  tag: string,
): Promise<TagOfManifest | undefined> {
  try {
    const found = await findTag(storage, repository, tag);
    if (found === undefined) return undefined;
    const { version, record } = found;
    return { tag, version, digest: record.digest, nonce: record.nonce };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const info = await storage.stat(tagKey(repository, tag));
    return info && { tag, version: info.version, nonce: info.version };
  }
}

/**
 * Deletes a manifest with its tags and with what it is listed under. The record goes last: as long as it is
 * there a deletion that broke off can be repeated.
 */
async function deleteByDigest(visit: Visit, digest: Digest): Promise<HttpAnswer> {
  const place = { kind: 'digest', digest } as const;
  if ((await deleteOnce(visit, digest)) === 'absent') throw await manifestUnknown(visit, place);
  return DELETED;
}

async function deleteOnce(visit: Visit, digest: Digest): Promise<'removed' | 'absent'> {
  const { storage, repository } = visit;
  const found = await findManifestVersion(storage, repository, digest);
  if (found === undefined) return 'absent';
  const tags = await tagsOf(visit, digest);
  const kept = tags.find(({ tag }) => isImmutable(visit, tag));
  if (kept !== undefined) throw immutable(kept.tag);
  const { subject, mediaType, nonce = found.version } = found.record;
  const telling = tellOf(visit);
  const deleted: Happening = { type: 'manifest.deleted', digest, mediaType, subject, ends: nonce };
  const tagDeleted = ({ tag, nonce: ends }: TagOfManifest): Happening => ({
    type: 'tag.deleted',
    tag,
    digest,
    ends,
  });
  await telling.announce(deleted, ...tags.map(tagDeleted));
  if (subject !== undefined) {
    await storage.remove(referrerKey({ repository, subject, referrer: digest }));
  }
  for (const found of tags) {
    const { tag, version } = found;
    // One that has moved meanwhile is no longer this manifest's.
    const outcome = await storage.remove(tagKey(repository, tag), { condition: { version } });
    if (outcome !== 'removed') continue;
    telling.done(tagDeleted(found));
    await auditDone(visit, { operation: 'tag-delete', tag, digest });
  }
  await storage.remove(linkKey(digest, repository));
  const condition = { version: found.version };
  const outcome = await storage.remove(manifestKey(repository, digest), { condition });
  if (outcome === 'removed') telling.done(deleted);
  await telling.finish();
  // Deleted and pushed again meanwhile, by others.
  if (outcome === 'conflict') return deleteOnce(visit, digest);
  await auditDone(visit, { operation: 'manifest-delete', digest });
  return 'removed';
}

interface TagOfManifest {
  readonly tag: string;
  readonly version: string;
  readonly digest?: Digest;
  readonly nonce: string;
}

/** Tags know their manifest and not the other way round: a push costs less so, and is done more often. */
async function tagsOf(
  { storage, repository }: Visit,
  digest: Digest,
): Promise<readonly TagOfManifest[]> {
  const found: TagOfManifest[] = [];
  for await (const { key } of storage.list(tagPrefix(repository), { keysOnly: true })) {
    const tag = tagOfKey(key);
    const current = await findTag(storage, repository, tag);
    if (current?.record.digest === digest)
      found.push({ tag, version: current.version, nonce: current.record.nonce });
  }
  return found;
}

function immutable(tag: string): RegistryError {
  return denied(`the tag "${tag}" is immutable`);
}
