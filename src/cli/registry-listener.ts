// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { RegistryConfig } from '../config/registry.ts';
import { clientAddressPolicyOf } from '../config/routing.ts';
import { UPLOAD_LIMITS } from '../http/limits.ts';
import { startServer } from '../http/node-server.ts';
import { requestLog } from '../http/request-log.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Handler } from '../protocol/http.ts';
import type { Admit } from '../redirector/admission.ts';
import { pullHandler } from '../registry/pull-handler.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { admitting } from './admitting.ts';
import { keepCertificateFresh } from './certificate-in-front.ts';
import { openAdmission } from './front-admission.ts';
import { readCertificate } from './front-certificate.ts';
import { refuseChanges } from './refuse-restart.ts';
import type { LoadedRegistry } from './registry-config.ts';

export interface RegistryListenerPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The registry, listening. */
export interface RegistryListener {
  readonly url: string;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays */
  reload(next: LoadedRegistry): void;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

const NEEDS_RESTART: ReadonlyArray<readonly [string, (config: RegistryConfig) => unknown]> = [
  ['listen', ({ listen }) => ({ ...listen, tls: undefined })],
  ['listen.tls', ({ listen }) => listen.tls !== undefined],
  ['admin', ({ admin }) => admin],
  ['storage', ({ storage }) => storage],
  ['log', ({ log }) => log],
];

/** @throws ListenError, ConfigError */
export async function openRegistryListener(
  loaded: LoadedRegistry,
  ports: RegistryListenerPorts,
): Promise<RegistryListener> {
  const { log, metrics } = ports;
  const { listen, log: logged } = loaded.config;
  const certificate = readCertificate(loaded);
  let current = openService(loaded.config, ports);
  const server = await startServer({
    name: 'registry',
    ...listen,
    tls: certificate?.material,
    limits: { ...UPLOAD_LIMITS, keepAliveTimeout: listen.keepAlive },
    handler: (request) => current.handler(request),
    log,
    metrics,
    requestLog: requestLog('registry', logged.sample, log),
  });
  const tls =
    certificate &&
    keepCertificateFresh(loaded, certificate, { ...ports, front: server, now: Date.now });
  return {
    url: server.url,
    reload(next) {
      refuseChanges(NEEDS_RESTART, current.config, next);
      tls?.check(next);
      current = openService(next.config, ports, current);
      tls?.follow(next);
    },
    async stop() {
      tls?.close();
      await server.drain(current.config.shutdown.grace);
    },
    async close() {
      tls?.close();
      await server.close();
    },
  };
}

/** What answers requests by one configuration: a request sees one of them from start to end. */
interface Service {
  readonly config: RegistryConfig;
  readonly admit: Admit | undefined;
  readonly handler: Handler;
}

function openService(
  config: RegistryConfig,
  { storage, log, metrics }: RegistryListenerPorts,
  before?: Service,
): Service {
  const isKept = before && isDeepStrictEqual(before.config.rateLimit, config.rateLimit);
  // Else a reload would let everybody begin anew.
  const admit = isKept ? before.admit : openAdmission(config, metrics);
  const handler = pullHandler({ storage, log });
  return { config, admit, handler: admitting(handler, clientAddressPolicyOf(config), admit) };
}
