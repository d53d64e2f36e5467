// SPDX-License-Identifier: Apache-2.0

import type { Digest } from '../../core/oci/digest.ts';
import type { ByteRange, ReadResult, StorageDriver } from '../../storage/driver.ts';
import { blobKey, linkKey } from './layout.ts';
import { bytesOf, createOnce } from './small-object.ts';
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
  await linkBlob(place, bytes.size());
}

interface WatchedBody {
  readonly body: AsyncIterable<Uint8Array>;
  isComplete(): boolean;
  /** Bytes so far. */
  size(): number;
}

function complete(body: AsyncIterable<Uint8Array>): WatchedBody {
  let ended = false;
  let size = 0;
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      size += chunk.byteLength;
      yield chunk;
    }
    ended = true;
  };
  return { body: watched(), isComplete: () => ended, size: () => size };
}

/** Lets a repository serve a blob whose bytes are there. */
export async function linkBlob(
  { storage, repository, digest }: BlobPlace,
  size?: number,
): Promise<void> {
  await createOnce(storage, linkKey(digest, repository), linkText(size));
}

/** The same, where the link is hardly there already: then a look at it is in vain. */
export async function linkNewBlob(
  { storage, repository, digest }: BlobPlace,
  size: number,
): Promise<void> {
  const condition = { absent: true } as const;
  await storage.write(linkKey(digest, repository), linkText(size), { condition });
}

/** With the size a link says all that is asked of a blob without reading it. */
function linkText(size: number | undefined): string {
  return size === undefined ? '' : JSON.stringify({ size });
}

export interface BlobFacts {
  /** Bytes. */
  readonly size: number;
}

/**
 * What a repository's link says of a blob. The link is looked at in every request: nothing that a deletion can
 * change is remembered, and bytes that only other repositories hold are as good as absent.
 */
export async function statBlob({
  storage,
  repository,
  digest,
}: BlobPlace): Promise<BlobFacts | undefined> {
  const link = await storage.read(linkKey(digest, repository));
  if (link === undefined) return undefined;
  const size = sizeIn(Buffer.from(await bytesOf(link)).toString());
  if (size !== undefined) return { size };
  const info = await storage.stat(blobKey(digest));
  if (info === undefined) throw missing(digest);
  return info;
}

/** Undefined for a link that does not say it. */
function sizeIn(text: string): number | undefined {
  const digits = /^\{"size":(\d{1,16})\}$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether a repository may serve a blob, by nothing but a look at its link. */
export async function isLinked({ storage, repository, digest }: BlobPlace): Promise<boolean> {
  return (await storage.stat(linkKey(digest, repository))) !== undefined;
}

/** Opens what {@link statBlob} finds. */
export async function openBlob(
  { storage, repository, digest }: BlobPlace,
  range?: ByteRange,
  signal?: AbortSignal,
): Promise<ReadResult | undefined> {
  if (!(await isLinked({ storage, repository, digest }))) return undefined;
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
