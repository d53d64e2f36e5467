// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../cloud-region.ts';
import type { Prefix } from '../prefix.ts';

/** One prefix of a cloud, and where it is used. Entries of one region share one `CloudRegion`. */
export interface RangeEntry {
  readonly prefix: Prefix;
  readonly value: CloudRegion;
}

/**
 * What a provider's file says. One unreadable entry refuses the whole file: an older copy that was read
 * whole routes better than a newer one with holes of unknown size.
 */
export type RangeFeedResult =
  | { readonly ok: true; readonly entries: readonly RangeEntry[] }
  | { readonly ok: false; readonly problems: readonly string[] };
