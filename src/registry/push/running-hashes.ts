// SPDX-License-Identifier: Apache-2.0
import type { Hash } from 'node:crypto';
import type { UploadId } from '../../core/oci/upload-id.ts';

/**
 * How far the hash of each upload has come in this process, so that the next chunk goes on from there. A hash
 * cannot be written down: a session that is continued without one is read back when it is finished.
 */
export interface RunningHashes {
  /** A copy of the hash over exactly so many bytes of an upload. */
  find(id: UploadId, received: number): Hash | undefined;
  keep(id: UploadId, received: number, hash: Hash): void;
  forget(id: UploadId): void;
}

/** Far more than uploads are under way between two chunks; those forgotten cost a read, not an upload. */
const MOST = 1_000;

export function runningHashes(): RunningHashes {
  const kept = new Map<UploadId, { readonly received: number; readonly hash: Hash }>();
  return {
    find(id, received) {
      const found = kept.get(id);
      return found?.received === received ? found.hash.copy() : undefined;
    },
    keep(id, received, hash) {
      kept.delete(id); // the latest comes last
      kept.set(id, { received, hash });
      const [oldest] = kept.keys();
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
    },
    forget: (id) => void kept.delete(id),
  };
}
