// SPDX-License-Identifier: Apache-2.0

/** Where an address or a server sits: a provider and its region, in the provider's own spelling. */
export interface CloudRegion {
  /** `aws`, `gcp`, `azure`, `oracle`, or any name a geofeed or a static entry uses. */
  readonly cloud: string;
  readonly region: string;
}
