// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { BlobPlace } from './blob-store.ts';
import type { Condemned } from './condemned.ts';
import { blobKey, linkKey } from './layout.ts';

/** That somebody is about to rely on some digests. */
export interface Claim {
  /**
   * To be called when what relies on them is written, and before that is acknowledged.
   *
   * @returns those that may be gone, and have to be looked at again
   */
  doubtful(): Promise<readonly Digest[]>;
}

/** To be called before what somebody is about to rely on is looked at. What is being deleted is gone then. */
export async function claim(condemned: Condemned, digests: readonly Digest[]): Promise<Claim> {
  const spare = async () => {
    const spared = await condemned.spare(digests);
    for (const digest of spared.going) await condemned.untilGone(digest);
    return spared;
  };
  const { generation } = await spare();
  return {
    async doubtful() {
      const { going, unsure, ...now } = await spare();
      // What was condemned and deleted since is condemned no more.
      return now.generation === generation ? [...going, ...unsure] : digests;
    },
  };
}

/** Whether a blob that was linked just now was not deleted at the same moment. */
export async function isBlobKept(
  { storage, repository, digest }: BlobPlace,
  claimed: Claim,
): Promise<boolean> {
  try {
    if ((await claimed.doubtful()).length === 0) return true;
  } catch (error) {
    await hasBytesOrNoLink({ storage, repository, digest });
    throw error;
  }
  const isLinked = (await storage.stat(linkKey(digest, repository))) !== undefined;
  const hasBytes = await hasBytesOrNoLink({ storage, repository, digest });
  return isLinked && hasBytes;
}

/** A link without bytes would have every later push believe that they are there. */
export async function hasBytesOrNoLink({
  storage,
  repository,
  digest,
}: BlobPlace): Promise<boolean> {
  if ((await storage.stat(blobKey(digest))) !== undefined) return true;
  await storage.remove(linkKey(digest, repository));
  return false;
}
