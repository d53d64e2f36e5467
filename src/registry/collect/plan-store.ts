// SPDX-License-Identifier: Apache-2.0
import { type DigestPlan, type Marker, planDigest } from '../../core/collection/plan-digest.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { findMarker } from '../store/condemned-marker.ts';
import { type Found, scanHoldings } from './holdings.ts';
import { type Marks, markReferences } from './mark.ts';

export interface PlanOptions {
  readonly storage: StorageDriver;
  /** Milliseconds since 1970, by the store's clock. */
  readonly now: number;
  /** Milliseconds: what nothing refers to for so long is condemned, and goes when it was condemned for so long. */
  readonly grace: number;
  /** Milliseconds after which a manifest that nothing leads to goes; left out, never. */
  readonly untaggedAfter?: number | undefined;
  /** Called before each object is looked at; may throw to end it. */
  readonly step: () => Promise<void>;
  /** Whether everybody who pushes has heard that this is condemned. */
  readonly isAnnounced: (found: Found) => boolean;
}

export interface PlannedDigest extends DigestPlan {
  readonly digest: Digest;
  /** Bytes; 0 when there are none. */
  readonly size: number;
  /** Of its marker, as it was read. */
  readonly version: string | undefined;
}

/** What becomes of every digest of a store, one after the other in byte order. Changes nothing. */
export async function* planStore(
  options: PlanOptions,
): AsyncGenerator<PlannedDigest, void, undefined> {
  const { storage, untaggedAfter, step } = options;
  const marks = await markReferences({ ...options, untaggedAfter });
  for await (const found of scanHoldings(storage)) {
    await step();
    const marker = found.marker && (await findMarker(storage, found.digest));
    const plan = planFor(options, marks, { ...found, state: marker?.state });
    const size = found.bytes?.size ?? 0;
    yield { digest: found.digest, size, version: marker?.version, ...plan };
  }
}

function planFor(
  { now, grace, isAnnounced }: PlanOptions,
  marks: Marks,
  found: Found & { readonly state: Marker['state'] | undefined },
): DigestPlan {
  const { digest, bytes, links, marker, state } = found;
  const holding = {
    bytes: bytes && { size: bytes.size, writtenAt: bytes.modifiedAt },
    links,
    untagged: marks.untaggedIn(digest),
    marker: state && {
      state,
      writtenAt: marker?.modifiedAt ?? 0,
      isAnnounced: isAnnounced(found),
    },
  };
  const isNeeded = (repository?: string) => marks.isNeeded(digest, repository);
  return planDigest(holding, { now, grace, isNeeded });
}
