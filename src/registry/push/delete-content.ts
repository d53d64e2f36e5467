// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../core/oci/content-headers.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Reference } from '../../core/oci/reference.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import { auditDone } from '../audit/audit-done.ts';
import { manifestUnknown } from '../pull/pull-manifest.ts';
import { unknownError } from '../pull/unknown-error.ts';
import type { Visit } from '../registry-ports.ts';
import { linkKey, manifestKey, referrerKey, tagKey, tagOfKey, tagPrefix } from '../store/layout.ts';
import { findManifestRecord, findTag } from '../store/records.ts';
import { denied } from '../store/refusals.ts';
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
  const outcome = await storage.remove(linkKey(digest, repository));
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
  const digest = await digestOfTag(visit, tag);
  const outcome = await storage.remove(tagKey(repository, tag));
  if (outcome === 'absent') throw await manifestUnknown(visit, { kind: 'tag', tag });
  await auditDone(visit, { operation: 'tag-delete', tag, digest });
  return DELETED;
}

/** Only to say what it was, where somebody wants to know: a damaged one may go, too. */
async function digestOfTag(
  { registry, storage, repository }: Visit,
  tag: string,
): Promise<Digest | undefined> {
  if (registry.audit === undefined) return undefined;
  const found = await findTag(storage, repository, tag).catch(() => undefined);
  return found?.record.digest;
}

/**
 * Deletes a manifest with its tags and with what it is listed under. The record goes last: as long as it is
 * there a deletion that broke off can be repeated.
 */
async function deleteByDigest(visit: Visit, digest: Digest): Promise<HttpAnswer> {
  const { storage, repository } = visit;
  const record = await findManifestRecord(storage, repository, digest);
  if (record === undefined) throw await manifestUnknown(visit, { kind: 'digest', digest });
  const tags = await tagsOf(visit, digest);
  const kept = tags.find(({ tag }) => isImmutable(visit, tag));
  if (kept !== undefined) throw immutable(kept.tag);
  const { subject } = record;
  if (subject !== undefined) {
    await storage.remove(referrerKey({ repository, subject, referrer: digest }));
  }
  for (const { tag, version } of tags) {
    // One that has moved meanwhile is no longer this manifest's.
    const outcome = await storage.remove(tagKey(repository, tag), { condition: { version } });
    if (outcome === 'removed') await auditDone(visit, { operation: 'tag-delete', tag, digest });
  }
  await storage.remove(linkKey(digest, repository));
  await storage.remove(manifestKey(repository, digest));
  await auditDone(visit, { operation: 'manifest-delete', digest });
  return DELETED;
}

interface TagOfManifest {
  readonly tag: string;
  readonly version: string;
}

/** Tags know their manifest and not the other way round: a push costs less so, and is done more often. */
async function tagsOf(
  { storage, repository }: Visit,
  digest: Digest,
): Promise<readonly TagOfManifest[]> {
  const found: TagOfManifest[] = [];
  for await (const { key } of storage.list(tagPrefix(repository))) {
    const tag = tagOfKey(key);
    const current = await findTag(storage, repository, tag);
    if (current?.record.digest === digest) found.push({ tag, version: current.version });
  }
  return found;
}

function immutable(tag: string): RegistryError {
  return denied(`the tag "${tag}" is immutable`);
}
