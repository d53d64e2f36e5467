// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.ts';

/**
 * Points at content: what it is, its address and its size in bytes.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Readonly<Record<string, unknown>>;
}
