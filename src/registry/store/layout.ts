// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest, hexOf, parseDigest } from '../../core/oci/digest.ts';
import { isRepository } from '../../core/oci/repository.ts';
import { parseUploadId, type UploadId } from '../../core/oci/upload-id.ts';

/**
 * Where a registry keeps what, as keys of its store.
 *
 * ```
 * layout                                                      the version of all this
 * access/token-key                                            the private key that signs tokens, unless a file has it
 * blobs/<alg>/<hex>                                           bytes, once; manifests too
 * links/<alg>/<hex>/<repository>                              the repository holds the blob, and may serve it
 * repositories/<name>/_manifests/<alg>/<hex>                  a ManifestRecord
 * repositories/<name>/_tags/<tag>                             a TagRecord
 * repositories/<name>/_referrers/<alg>/<hex>/<alg>-<hex>      a descriptor, below its subject
 * gc/deleted-blobs/<repository>                              blobs were deleted there that manifests may refer to
 * events/                                                     what is told, see ../events/event-keys.ts
 * uploads/<id>                                                a SessionRecord
 * uploads/<id>.data                                           what was uploaded, until it is under its digest
 * gc/lease                                                    who collects, as long as it is renewed
 * gc/clock                                                    written to learn the store's time
 * gc/state                                                    a CollectionState: whether anything is condemned
 * gc/condemned/<alg>/<hex>                                    a MarkerRecord
 * ```
 *
 * No component of a repository's name starts with an underscore, so the names below one are never part of it.
 */
export const LAYOUT_KEY = 'layout';

/** What lies below it is secret, and served by nothing. */
export const SECRET_PREFIX = 'access/';
export const TOKEN_KEY_KEY = `${SECRET_PREFIX}token-key`;

export function blobKey(digest: Digest): string {
  return `blobs/${pathOf(digest)}`;
}

/** In a link a repository is one segment: `!` stands for its slashes, and no repository has one. */
export function linkKey(digest: Digest, repository: string): string {
  return `${linkPrefix(digest)}${repository.replaceAll('/', '!')}`;
}

export const LINKS_PREFIX = 'links/';

export function linkPrefix(digest: Digest): string {
  return `${LINKS_PREFIX}${pathOf(digest)}/`;
}

export function repositoryOfLink(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replaceAll('!', '/');
}

export const REPOSITORIES_PREFIX = 'repositories/';

/** Where the name of a repository ends in a key. */
export const REPOSITORY_END = '/_';

/** Everything of a repository, and nothing of those whose names go on after a slash. */
export function repositoryPrefix(repository: string): string {
  return `${REPOSITORIES_PREFIX}${repository}${REPOSITORY_END}`;
}

/** Undefined for a key that no repository has. */
export function repositoryOfPrefix(prefix: string): string | undefined {
  const name = prefix.slice(REPOSITORIES_PREFIX.length, -REPOSITORY_END.length);
  return prefix === repositoryPrefix(name) && isRepository(name) ? name : undefined;
}

export function manifestPrefix(repository: string): string {
  return `${repositoryPrefix(repository)}manifests/`;
}

export function manifestKey(repository: string, digest: Digest): string {
  return `${manifestPrefix(repository)}${pathOf(digest)}`;
}

export function tagPrefix(repository: string): string {
  return `${repositoryPrefix(repository)}tags/`;
}

export function tagKey(repository: string, tag: string): string {
  return `${tagPrefix(repository)}${tag}`;
}

export function tagOfKey(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

export function referrerPrefix(repository: string, subject: Digest): string {
  return `${repositoryPrefix(repository)}referrers/${pathOf(subject)}/`;
}

/** Whether this is there says if a manifest of the repository may lack blobs that it had when it was pushed. */
export function deletedBlobsKey(repository: string): string {
  return `gc/deleted-blobs/${repository.replaceAll('/', '!')}`;
}

export const UPLOADS_PREFIX = 'uploads/';

/** Of the session or the data of an upload. */
export function uploadIdOfKey(key: string): UploadId | undefined {
  const [id = ''] = key.slice(UPLOADS_PREFIX.length).split('.');
  return parseUploadId(id);
}

/**
 * Not in a folder of its own, which would have to be made and removed for each blob that is pushed. Its data lies beside
 * it and not below: there are stores on folders in which nothing is both a file and a folder.
 */
export function uploadSessionKey(id: UploadId): string {
  return UPLOADS_PREFIX + id;
}

export function uploadDataKey(id: UploadId): string {
  return `${UPLOADS_PREFIX}${id}.data`;
}

export const COLLECTION_LEASE_KEY = 'gc/lease';
export const COLLECTION_CLOCK_KEY = 'gc/clock';
export const COLLECTION_STATE_KEY = 'gc/state';
export const CONDEMNED_PREFIX = 'gc/condemned/';

export function condemnedKey(digest: Digest): string {
  return `${CONDEMNED_PREFIX}${pathOf(digest)}`;
}

export function digestOfCondemned(key: string): Digest | undefined {
  return parseDigest(key.slice(CONDEMNED_PREFIX.length).replace('/', ':'));
}

/** A referrer and the subject it is about. */
export interface ReferrerPlace {
  readonly repository: string;
  readonly subject: Digest;
  readonly referrer: Digest;
}

export function referrerKey({ repository, subject, referrer }: ReferrerPlace): string {
  return `${referrerPrefix(repository, subject)}${algorithmOf(referrer)}-${hexOf(referrer)}`;
}

export function referrerOfKey(key: string): Digest | undefined {
  return parseDigest(key.slice(key.lastIndexOf('/') + 1).replace('-', ':'));
}

function pathOf(digest: Digest): string {
  return `${algorithmOf(digest)}/${hexOf(digest)}`;
}
