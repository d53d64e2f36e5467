// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';

/** Something of the source that every target is to hold. */
export interface WantedObject {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** Bytes, as the manifest says that lists it. */
  readonly size: number;
  readonly mediaType: string;
  /** One that has it. */
  readonly repository: string;
  /** Where else it may be asked for, in this order, when the repository lacks it. */
  readonly urls?: readonly string[];
}
