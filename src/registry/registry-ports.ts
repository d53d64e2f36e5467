// SPDX-License-Identifier: Apache-2.0
import type { QueryValues } from '../core/oci/query-values.ts';
import type { Log } from '../log.ts';
import type { HttpRequest } from '../protocol/http.ts';
import type { StorageDriver } from '../storage/driver.ts';
import type { Access, Grant } from './access.ts';
import type { Audit } from './audit/audit.ts';
import type { EventLog } from './events/event-log.ts';
import { type RunningHashes, runningHashes } from './push/running-hashes.ts';
import { type Condemned, openCondemned } from './store/condemned.ts';
import type { RepositoryPlace } from './store/manifest-store.ts';
import { PROCESS_TIME } from './store/process-time.ts';

/** What a registry allows, whoever asks. */
export interface RegistrySettings {
  /** Only pulls. */
  readonly readOnly: boolean;
  /** Whether tags, manifests and blobs may be deleted. */
  readonly deletes: boolean;
  /** Children of an index may be missing, its own blobs never. */
  readonly acceptMissingReferences: boolean;
  /** Tags that stay where they were put first; `*` stands for any characters. */
  readonly immutableTags: readonly string[];
  /** Bytes; a larger blob is refused. */
  readonly largestBlob: number;
  /** Milliseconds since the last byte after which an upload session is over. */
  readonly uploadLifetime: number;
  /** For which clients may read a blob from the store itself, where it can; left out, they read it from here. */
  readonly redirectSeconds?: number | undefined;
}

const DAY = 24 * 60 * 60 * 1000;

export const DEFAULT_SETTINGS: RegistrySettings = {
  readOnly: false,
  deletes: true,
  acceptMissingReferences: false,
  immutableTags: [],
  largestBlob: Number.MAX_SAFE_INTEGER,
  uploadLifetime: DAY,
};

export interface RegistryPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly settings?: Partial<RegistrySettings>;
  /** Without it everybody may do everything. */
  readonly access?: Access;
  /** Without it nothing that is done is written down. */
  readonly audit?: Audit;
  /** Without it nobody is told. */
  readonly events?: EventLog;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** What collections of the same store have condemned; left out, it is looked up there. */
  readonly condemned?: Condemned;
}

/** What all requests to one registry have in common. */
export interface Registry {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly settings: RegistrySettings;
  readonly access: Access | undefined;
  readonly audit: Audit | undefined;
  readonly events: EventLog | undefined;
  readonly hashes: RunningHashes;
  readonly condemned: Condemned;
  readonly now: () => number;
}

export function registryOf(ports: RegistryPorts): Registry {
  const { storage, log, settings, access, audit, events, now, condemned } = ports;
  return {
    storage,
    log,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    access,
    audit,
    events,
    hashes: runningHashes(),
    condemned: condemned ?? openCondemned(storage, PROCESS_TIME),
    now: now ?? Date.now,
  };
}

/** One request to one repository, by somebody. */
export interface Visit extends RepositoryPlace {
  readonly registry: Registry;
  readonly request: HttpRequest;
  readonly query: QueryValues;
  readonly grant: Grant;
}
