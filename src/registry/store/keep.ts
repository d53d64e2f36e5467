// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { BlobPlace } from './blob-store.ts';
import type { Condemned } from './condemned.ts';
import { createMarker, findMarker, swapMarker } from './condemned-marker.ts';
import { blobKey, linkKey } from './layout.ts';

/** To be called before what somebody is about to rely on is looked at. What is being deleted is gone then. */
export async function claim(condemned: Condemned, digests: readonly Digest[]): Promise<void> {
  const { going } = await condemned.spare(digests);
  for (const digest of going) await condemned.untilGone(digest);
}

/**
 * To be called when what relies on these is written, and before that is acknowledged.
 *
 * @returns those that may be gone
 */
export async function doubtful(
  condemned: Condemned,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  const { going, unsure } = await condemned.spare(digests);
  for (const digest of going) await condemned.untilGone(digest);
  return [...going, ...unsure];
}

/** Whether a blob that was linked just now was not deleted at the same moment. */
export async function isBlobKept(condemned: Condemned, place: BlobPlace): Promise<boolean> {
  const { storage, digest } = place;
  if ((await doubtful(condemned, [digest])).length === 0) return true;
  if (await isWhole(place)) return true;
  await withBlocked({ storage, condemned }, [digest], async () => {
    // A link without bytes would have every later push believe that they are there.
    const bytes = await storage.stat(blobKey(digest));
    if (bytes === undefined) await storage.remove(linkKey(digest, place.repository));
  });
  return false;
}

async function isWhole({ storage, repository, digest }: BlobPlace): Promise<boolean> {
  const link = await storage.stat(linkKey(digest, repository));
  return link !== undefined && (await storage.stat(blobKey(digest))) !== undefined;
}

/**
 * Does something while nobody else can rely on these digests, which everybody knows to be condemned: who looked at
 * them before has written by now, who looks at them later waits.
 */
export async function withBlocked(
  { storage, condemned }: { readonly storage: StorageDriver; readonly condemned: Condemned },
  digests: readonly Digest[],
  work: () => Promise<void>,
): Promise<void> {
  const blocked: Array<readonly [Digest, version: string]> = [];
  try {
    // In the same order for everybody, so that no two wait for one another.
    for (const digest of [...digests].sort()) {
      blocked.push([digest, await block(storage, condemned, digest)]);
    }
    await work();
  } finally {
    for (const [digest, version] of blocked) {
      await swapMarker(storage, digest, { version, to: 'alive' });
    }
  }
}

async function block(
  storage: StorageDriver,
  condemned: Condemned,
  digest: Digest,
): Promise<string> {
  for (;;) {
    const marker = await findMarker(storage, digest);
    if (marker?.state === 'deleting') {
      await condemned.untilGone(digest);
      continue;
    }
    const version =
      marker === undefined
        ? await createMarker(storage, digest, 'deleting')
        : await swapMarker(storage, digest, { version: marker.version, to: 'deleting' });
    if (version !== undefined) return version;
  }
}
