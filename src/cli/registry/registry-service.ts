// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RegistryAccessSettings } from '../../config/access.ts';
import type { RegistryConfig } from '../../config/registry.ts';
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
import { reapUploads } from '../../registry/push/reap-uploads.ts';
import { registryHandler } from '../../registry/registry-handler.ts';
import type { RegistrySettings } from '../../registry/registry-ports.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { openAdmission } from '../front/front-admission.ts';
import { repeat } from '../repeat.ts';
import { admitting } from './admitting.ts';
import { openCollecting } from './registry-collecting.ts';
import type { LoadedRegistry } from './registry-config.ts';

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
  /** When another one has taken its place, which may go on with what this one knows. */
  retire(): void;
  close(): void;
}

/** Often enough that what clients leave behind does not pile up, and seldom enough to cost nothing. */
const REAP_EVERY = 15 * 60_000;
/** Milliseconds. */
const LONGEST_CHECK = 10_000;

/**
 * @param before the service that is replaced: what it knows of its clients goes on when nothing about it changes
 * @throws ConfigError when a file that is named cannot be used; the one before then stays
 */
export async function openRegistryService(
  { config, directory }: LoadedRegistry,
  ports: RegistryServicePorts,
  before?: RegistryService,
): Promise<RegistryService> {
  const { storage, log, metrics } = ports;
  const isSame = (key: keyof RegistryConfig) => isDeepStrictEqual(before?.config[key], config[key]);
  const keepsAccess = before !== undefined && isSame('access') && isSame('clientAddress');
  const access = keepsAccess ? before.access : await accessOf(config, directory, ports);
  // Else a reload would let everybody begin anew.
  const keepsLimit = before !== undefined && isSame('rateLimit');
  const admit = keepsLimit ? before.admit : openAdmission(config, metrics);
  const settings = settingsOf(config);
  const registry = registryHandler({ storage, log, settings, ...(access && { access }) });
  const handler = access === undefined ? registry : withTokenEndpoint(access, registry);
  const reaping = repeat(() => reap(settings.uploadLifetime, ports), REAP_EVERY);
  before?.retire();
  const endCollecting = openCollecting(config, ports);
  // Passwords that are being checked get their answer first.
  if (!keepsAccess) setTimeout(() => before?.access?.close(), LONGEST_CHECK).unref();
  return {
    config,
    admit,
    access,
    handler: admitting(handler, clientAddressPolicyOf(config), admit),
    retire() {
      reaping.end();
      endCollecting();
    },
    close() {
      reaping.end();
      endCollecting();
      access?.close();
    },
  };
}

function settingsOf(config: RegistryConfig): RegistrySettings {
  const { readOnly, deletes, acceptMissingReferences, tags, uploads } = config;
  return {
    readOnly,
    deletes,
    acceptMissingReferences,
    immutableTags: tags.immutable,
    largestBlob: uploads.maxSize ?? Number.MAX_SAFE_INTEGER,
    uploadLifetime: uploads.lifetime,
  };
}

function accessOf(
  config: RegistryConfig,
  directory: string,
  { storage, log }: RegistryServicePorts,
): Promise<RegistryAccess> | undefined {
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

async function reap(lifetime: number, { storage, log }: RegistryServicePorts): Promise<void> {
  try {
    const removed = await reapUploads(storage, Date.now(), lifetime);
    if (removed > 0) log.info('uploads-reaped', { removed });
  } catch (error) {
    log.error('uploads-not-reaped', error); // and tried again
  }
}
