// SPDX-License-Identifier: Apache-2.0
import type { FamilySeen } from '../core/doctor/observation.ts';
import type { Transport } from '../upstream/transport.ts';

/** The pull to look at. */
export interface Target {
  /** Who is asked first. */
  readonly origin: URL;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
  /** The registry that the one asked is a mirror of, as containerd names it in `?ns=`. */
  readonly mirrorOf?: string;
  /** `os/architecture[/variant]`; else every platform of an index. */
  readonly platform?: string;
  /** Reads and hashes blobs whole. */
  readonly isFull: boolean;
}

/** What the doctor needs of the world. */
export interface DoctorPorts {
  /** Tries a host by itself: name, connection, certificate. */
  readonly reach: (url: URL) => Promise<readonly FamilySeen[]>;
  /** Refuses, with `forbidden-host`, what may not be connected to. */
  readonly transport: Pick<Transport, 'send'>;
  /** Milliseconds, of a clock that only goes forward. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
}
