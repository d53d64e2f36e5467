// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { Happening } from '../events/registry-event.ts';
import { linkBlob } from '../store/blob-store.ts';
import { blobKey, linkKey, linkPrefix } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { scanManifests } from '../store/repository-scan.ts';
import { announceAll, openTelling, type ToldPlace } from './remove-told.ts';

export interface ReleasePlace extends ToldPlace {
  /** Waits until a push that looked at what is released has written what relies on it. */
  readonly settle: () => Promise<void>;
}

export interface Released {
  /** Blobs and manifests whose bytes are gone. */
  readonly blobs: number;
  /** Bytes. */
  readonly freed: number;
  /** What was pushed at the same moment, found its bytes there, and lost them. */
  readonly lost: readonly Digest[];
}

/**
 * Takes blobs from a repository, as far as none of its manifests needs them, and removes the bytes that no
 * repository holds any more. A push at the same time may rely on what was there when it looked, so everything
 * is looked at once more before bytes go: links first, bytes last, as in the other direction they come.
 *
 * @param manifests those among the candidates that are no blobs
 */
export async function releaseBlobs(
  place: ReleasePlace,
  candidates: ReadonlySet<Digest>,
  manifests: ReadonlySet<Digest>,
): Promise<Released> {
  const { storage, repository, settle } = place;
  const released = await unneeded(place, candidates);
  const telling = openTelling(place);
  const blobs = [...released].filter((digest) => !manifests.has(digest));
  await announceAll(telling, blobs.map(deletionOf));
  for (const digest of released) await storage.remove(linkKey(digest, repository));
  if (released.size > 0) await settle();
  const stillReleased = await unneeded(place, released);
  for (const digest of released) {
    if (!stillReleased.has(digest)) await linkBlob({ storage, repository, digest });
    else if (!manifests.has(digest)) telling.done(deletionOf(digest));
  }
  await telling.finish();
  return removeBytes(storage, stillReleased);
}

function deletionOf(digest: Digest): Happening {
  return { type: 'blob.deleted', digest };
}

/** Those that no manifest of the repository needs; none, when one of its records cannot be read. */
async function unneeded(
  place: RepositoryPlace,
  candidates: ReadonlySet<Digest>,
): Promise<ReadonlySet<Digest>> {
  const left = new Set(candidates);
  for await (const { digest, record } of scanManifests(place)) {
    if (record === undefined) return new Set();
    left.delete(digest);
    for (const blob of record.children.blobs) left.delete(blob);
  }
  return left;
}

async function removeBytes(
  storage: StorageDriver,
  digests: ReadonlySet<Digest>,
): Promise<Released> {
  let [blobs, freed] = [0, 0];
  const lost: Digest[] = [];
  for (const digest of digests) {
    const info = await storage.stat(blobKey(digest));
    if (info === undefined || (await firstLink(storage, digest)) !== undefined) continue;
    const condition = { version: info.version };
    if ((await storage.remove(blobKey(digest), { condition })) !== 'removed') continue;
    blobs += 1;
    freed += info.size;
    if (await removeLinks(storage, digest)) lost.push(digest);
  }
  return { blobs, freed, lost };
}

/** A link without bytes would have every later push believe that the blob is there. */
async function removeLinks(storage: StorageDriver, digest: Digest): Promise<boolean> {
  let found = false;
  for await (const { key } of storage.list(linkPrefix(digest))) {
    // Whoever pushed it again meanwhile has bytes and link.
    if ((await storage.stat(blobKey(digest))) !== undefined) break;
    await storage.remove(key);
    found = true;
  }
  return found;
}

async function firstLink(storage: StorageDriver, digest: Digest): Promise<string | undefined> {
  for await (const { key } of storage.list(linkPrefix(digest), { limit: 1 })) return key;
  return undefined;
}
