// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RegistryAccessSettings } from '../../config/access.ts';
import type { RegistryConfig } from '../../config/registry.ts';
import { redirectsBlobs } from '../../config/registry-storage.ts';
import { clientAddressPolicyOf } from '../../config/routing.ts';
import {
  type ClientAddressPolicy,
  clientAddress,
  headerOfPolicy,
} from '../../core/net/client-address.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Handler, HttpRequest } from '../../protocol/http.ts';
import type { Admit } from '../../redirector/admission.ts';
import {
  openAccess,
  type RegistryAccess,
  withTokenEndpoint,
} from '../../registry/access/open-access.ts';
import { auditingRefusals } from '../../registry/audit/audit-refusals.ts';
import { type EventLog, openEventLog } from '../../registry/events/event-log.ts';
import { registryHandler } from '../../registry/registry-handler.ts';
import type { RegistrySettings } from '../../registry/registry-ports.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { openAdmission } from '../front/front-admission.ts';
import { repeat } from '../repeat.ts';
import { admitting } from './admitting.ts';
import { openAudit } from './audit-lines.ts';
import {
  checkSecrets,
  type DeliveryCounts,
  deliveryCounts,
  startDeliveries,
} from './event-deliveries.ts';
import { openCollecting } from './registry-collecting.ts';
import type { LoadedRegistry } from './registry-config.ts';
import { reapStore } from './registry-reaper.ts';

export interface RegistryServicePorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What answers requests by one configuration: a request sees one of them from start to end. */
export interface RegistryService {
  readonly config: RegistryConfig;
  readonly admit: Admit | undefined;
  readonly access: RegistryAccess | undefined;
  readonly handler: Handler;
  readonly eventLog: EventLog;
  readonly counts: DeliveryCounts;
  /** When another one has taken its place, which may go on with what this one knows. */
  retire(): void;
  close(): Promise<void>;
}

/** Often enough that what clients leave behind does not pile up, and seldom enough to cost nothing. */
const REAP_EVERY = 15 * 60_000;
/** A client follows a redirect at once; its clock and the queue of a slow one take some. */
const LINK_SECONDS = 120;
/** Milliseconds. */
const LONGEST_CHECK = 10_000;

/**
 * @param before the service that is replaced: what it knows of its clients goes on when nothing about it changes
 * @throws ConfigError when a file that is named cannot be used; the one before then stays
 */
export async function openRegistryService(
  loaded: LoadedRegistry,
  ports: RegistryServicePorts,
  before?: RegistryService,
): Promise<RegistryService> {
  const { config, directory } = loaded;
  const { storage, log, metrics } = ports;
  const addressOf = addressBy(clientAddressPolicyOf(config));
  await checkSecrets(loaded);
  const audit = await openAudit(loaded, { log, metrics, addressOf });
  const isSame = (key: keyof RegistryConfig) => isDeepStrictEqual(before?.config[key], config[key]);
  const keepsAccess = before !== undefined && isSame('access') && isSame('clientAddress');
  const access = keepsAccess ? before.access : await openRegistryAccess(config, directory, ports);
  // Else a reload would let everybody begin anew.
  const keepsLimit = before !== undefined && isSame('rateLimit');
  const admit = keepsLimit ? before.admit : openAdmission(config, metrics);
  const settings = settingsOf(config);
  // One for all services of this process: what comes at once goes into the log at once.
  const eventLog = before?.eventLog ?? openEventLog(storage);
  const events = config.events.log ? eventLog : undefined;
  const registry = registryHandler({
    storage,
    log,
    settings,
    audit,
    ...(events && { events }),
    ...(access && { access }),
  });
  const served = access === undefined ? registry : withTokenEndpoint(access, registry);
  const handler = auditingRefusals(served, audit);
  const reaping = repeat(() => reapStore(config, { storage, log, events }), REAP_EVERY);
  before?.retire();
  const counts = before?.counts ?? deliveryCounts(metrics);
  const deliveries = startDeliveries(loaded, { storage, log, counts });
  const endCollecting = openCollecting(config, ports);
  // Passwords that are being checked get their answer first.
  if (!keepsAccess) setTimeout(() => before?.access?.close(), LONGEST_CHECK).unref();
  return {
    config,
    admit,
    access,
    eventLog,
    counts,
    handler: admitting(handler, clientAddressPolicyOf(config), admit),
    retire() {
      reaping.end();
      endCollecting();
      void deliveries.stop();
    },
    async close() {
      reaping.end();
      endCollecting();
      access?.close();
      await deliveries.stop();
    },
  };
}

function settingsOf(config: RegistryConfig): RegistrySettings {
  const { readOnly, deletes, acceptMissingReferences, tags, uploads, storage } = config;
  return {
    readOnly,
    deletes,
    acceptMissingReferences,
    immutableTags: tags.immutable,
    largestBlob: uploads.maxSize ?? Number.MAX_SAFE_INTEGER,
    uploadLifetime: uploads.lifetime,
    redirectSeconds: redirectsBlobs(storage) ? LINK_SECONDS : undefined,
  };
}

/**
 * What says who may do what, if anything does.
 *
 * @throws ConfigError when a file that is named cannot be used
 */
export async function openRegistryAccess(
  config: RegistryConfig,
  directory: string,
  { storage, log }: Pick<RegistryServicePorts, 'storage' | 'log'>,
): Promise<RegistryAccess | undefined> {
  const { access, listen } = config;
  if (access === undefined) return undefined;
  return openAccess(withPaths(access, directory), {
    storage,
    readFile: (path) => readFile(path, 'utf8'),
    addressOf: addressBy(clientAddressPolicyOf(config)),
    scheme: listen.tls === undefined ? 'http' : 'https',
    now: Date.now,
    log,
  });
}

/** Paths in a configuration are relative to its file. */
function withPaths(access: RegistryAccessSettings, directory: string): RegistryAccessSettings {
  const { users, tokens } = access;
  const { keyFile } = tokens;
  return {
    ...access,
    ...(users && { users: { ...users, file: resolve(directory, users.file) } }),
    tokens: { ...tokens, ...(keyFile !== undefined && { keyFile: resolve(directory, keyFile) }) },
  };
}

function addressBy(policy: ClientAddressPolicy) {
  const header = headerOfPolicy(policy);
  return (request: HttpRequest) =>
    clientAddress(policy, request.peer, header && request.header(header));
}
