// SPDX-License-Identifier: Apache-2.0
import type { RegistryConfig } from '../../config/registry.ts';
import { UPLOAD_LIMITS } from '../../http/limits.ts';
import { startServer } from '../../http/node-server.ts';
import { requestLog } from '../../http/request-log.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { countingRequests } from '../../registry/observe/request-metrics.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { keepCertificateFresh } from '../front/certificate-in-front.ts';
import { readCertificate } from '../front/front-certificate.ts';
import { refuseChanges } from '../front/refuse-restart.ts';
import { orClose } from '../or-close.ts';
import type { LoadedRegistry } from './registry-config.ts';
import { openRegistryService, type RegistryService } from './registry-service.ts';

export interface RegistryListenerPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The registry, listening. */
export interface RegistryListener {
  readonly url: string;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays */
  reload(next: LoadedRegistry): Promise<void>;
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
  let current: RegistryService = await openRegistryService(loaded, ports);
  const server = await orClose(current, () =>
    startServer({
      name: 'registry',
      ...listen,
      tls: certificate?.material,
      limits: { ...UPLOAD_LIMITS, keepAliveTimeout: listen.keepAlive },
      handler: countingRequests((request) => current.handler(request), metrics),
      log,
      metrics,
      requestLog: requestLog('registry', logged.sample, log),
    }),
  );
  const tls =
    certificate &&
    keepCertificateFresh(loaded, certificate, { ...ports, front: server, now: Date.now });
  return {
    url: server.url,
    async reload(next) {
      refuseChanges(NEEDS_RESTART, current.config, next);
      tls?.check(next);
      current = await openRegistryService(next, ports, current);
      tls?.follow(next);
    },
    async stop() {
      tls?.close();
      await server.drain(current.config.shutdown.grace);
      await current.close();
    },
    async close() {
      tls?.close();
      await server.close();
      await current.close();
    },
  };
}
