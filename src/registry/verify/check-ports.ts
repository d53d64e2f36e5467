// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../storage/driver.ts';

/** What looking at an object of a store takes. */
export interface CheckPorts {
  readonly storage: StorageDriver;
  /** Whether an index may list manifests that are not there. */
  readonly acceptsMissing: boolean;
  /** Told of bytes as they are hashed. */
  readonly read: (bytes: number) => void;
  /** Waits until whoever is pushing has written what belongs together. */
  readonly settle: () => Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}
