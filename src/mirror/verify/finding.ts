// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';

/**
 * What may be amiss with a target.
 *
 * - `missing`: wanted, and not there
 * - `size`: there, and not as long as it should be
 * - `corrupt`: its bytes are others than its digest says
 * - `index`: no front would believe its index
 * - `claimed`: its index lists what is not there
 * - `unclaimed`: its index does not list what is there
 * - `foreign`: something below the blob path that lies under no digest
 * - `unreferenced`: nothing that is wanted leads to it
 */
export type FindingKind =
  | 'missing'
  | 'size'
  | 'corrupt'
  | 'index'
  | 'claimed'
  | 'unclaimed'
  | 'foreign'
  | 'unreferenced';

export const FINDING_KINDS: readonly FindingKind[] = [
  'missing',
  'size',
  'corrupt',
  'index',
  'claimed',
  'unclaimed',
  'foreign',
  'unreferenced',
];

export interface TargetFinding {
  readonly target: string;
  readonly kind: FindingKind;
  /** A digest, or, of what has none, the key of the object. */
  readonly object: string;
  /** Bytes that are there, or, of what is missing, should be. */
  readonly size?: number;
  readonly problem?: string;
}

/** Bytes under a digest, as they were seen. */
export interface SeenObject {
  readonly digest: Digest;
  readonly size: number;
  readonly version: string;
}
