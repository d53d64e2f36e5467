// SPDX-License-Identifier: Apache-2.0

import type { Digest } from '../../core/oci/digest.ts';
import type { ByteRange, ObjectInfo, ReadResult, StorageDriver } from '../../storage/driver.ts';
import { blobKey, linkKey } from './layout.ts';
import { createOnce } from './small-object.ts';
import { StoreError } from './store-error.ts';
import { verified } from './verify-body.ts';

/** One blob of one repository. */
export interface BlobPlace {
  readonly storage: StorageDriver;
  readonly repository: string;
  readonly digest: Digest;
}

/**
 * Stores a blob, and then the link that lets the repository serve it. Nothing shows before the digest is right.
 *
 * @throws RegistryError `DIGEST_INVALID`, `SIZE_INVALID`
 */
export async function putBlob(
  place: BlobPlace,
  body: AsyncIterable<Uint8Array>,
  options: { readonly size?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { storage, digest } = place;
  const { size, signal } = options;
  const bytes = complete(verified(body, { digest, size }));
  // A conflict means that the same bytes are there: whoever wrote them had to verify them, too.
  await storage.write(blobKey(digest), bytes.body, {
    condition: { absent: true },
    ...(size !== undefined && { size }),
    ...(signal !== undefined && { signal }),
  });
  // Who has not shown all of the bytes must not get a link to those that somebody else brought.
  if (!bytes.isComplete()) {
    throw new StoreError('damaged', blobKey(digest), 'the store did not read all of a blob');
  }
  await linkBlob(place);
}

interface WatchedBody {
  readonly body: AsyncIterable<Uint8Array>;
  isComplete(): boolean;
}

function complete(body: AsyncIterable<Uint8Array>): WatchedBody {
  let ended = false;
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* body;
    ended = true;
  };
  return { body: watched(), isComplete: () => ended };
}

/** Lets a repository serve a blob whose bytes are there. */
export async function linkBlob({ storage, repository, digest }: BlobPlace): Promise<void> {
  await createOnce(storage, linkKey(digest, repository), '');
}

/**
 * Where a repository's blob is. The link is looked at in every request: nothing that a deletion can change is
 * remembered, and bytes that only other repositories hold are as good as absent.
 */
export async function statBlob({
  storage,
  repository,
  digest,
}: BlobPlace): Promise<ObjectInfo | undefined> {
  if ((await storage.stat(linkKey(digest, repository))) === undefined) return undefined;
  const info = await storage.stat(blobKey(digest));
  if (info === undefined) throw missing(digest);
  return info;
}

/** Opens what {@link statBlob} would find. */
export async function openBlob(
  { storage, repository, digest }: BlobPlace,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<ReadResult | undefined> {
  if ((await storage.stat(linkKey(digest, repository))) === undefined) return undefined;
  const found = await storage.read(blobKey(digest), range, signal);
  if (found === undefined) throw missing(digest);
  return found;
}

function missing(digest: Digest): StoreError {
  return new StoreError(
    'damaged',
    blobKey(digest),
    'a repository holds a blob whose bytes are gone',
  );
}
