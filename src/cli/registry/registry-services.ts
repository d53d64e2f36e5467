// SPDX-License-Identifier: Apache-2.0
import { adminHandler } from '../../http/admin-handler.ts';
import { startServer } from '../../http/node-server.ts';
import type { Log } from '../../log.ts';
import { observeProcess } from '../../metrics/process-metrics.ts';
import { openMetrics } from '../../metrics.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { orClose } from '../or-close.ts';
import type { LoadedRegistry } from './registry-config.ts';
import { openRegistryListener, type RegistryListener } from './registry-listener.ts';
import { watchStore } from './registry-readiness.ts';
import { countedStore } from './store-metrics.ts';

/** The registry and its admin listener, running in this process. */
export interface RegistryServices extends Pick<RegistryListener, 'url' | 'reload' | 'stop'> {
  readonly adminUrl: string;
}

/** @throws ListenError, ConfigError */
export async function openRegistryServices(
  loaded: LoadedRegistry,
  driver: StorageDriver,
  log: Log,
): Promise<RegistryServices> {
  const metrics = openMetrics();
  observeProcess(metrics);
  const storage = countedStore(driver, metrics);
  const registry = await openRegistryListener(loaded, { storage, log, metrics });
  const store = watchStore(storage, log);
  let isDraining = false;
  const ready = () => [...(isDraining ? ['draining'] : []), ...store.problems()];
  const handler = adminHandler({ ready, metrics });
  const admin = await orClose(registry, () =>
    startServer({ name: 'admin', ...loaded.config.admin, handler, log, metrics }),
  ).catch((error: unknown) => {
    store.end();
    throw error;
  });
  return {
    url: registry.url,
    adminUrl: admin.url,
    reload: registry.reload,
    async stop() {
      isDraining = true;
      await registry.stop();
      store.end();
      await admin.close();
    },
  };
}
