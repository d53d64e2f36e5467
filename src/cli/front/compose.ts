// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import { observeProcess } from '../../metrics/process-metrics.ts';
import { openMetrics } from '../../metrics.ts';
import { openAdminListener } from '../admin-listener.ts';
import type { LoadedConfig } from '../load-config.ts';
import { orClose } from '../or-close.ts';
import { openFrontListener } from './front-listener.ts';
import { keepRangesFresh } from './ranges-in-front.ts';

/** The front and its admin listener, running in this process. */
export interface Front {
  readonly url: string;
  readonly adminUrl: string;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  /** Takes over what backends have published, before it would be looked at. */
  refreshIndexes(): Promise<void>;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
}

/**
 * @throws ConfigError when the configuration cannot be used
 * @throws ListenError
 */
export async function openFront(loaded: LoadedConfig, log: Log): Promise<Front> {
  const metrics = openMetrics();
  observeProcess(metrics);
  const front = await openFrontListener(loaded, { log, metrics });
  let isDraining = false;
  const admin = await orClose(front, () =>
    openAdminListener(loaded.config, {
      ready: () => (isDraining ? ['draining'] : []),
      explain: front.explain,
      log,
      metrics,
    }),
  );
  const ranges = keepRangesFresh({ replacement: front, log, metrics });
  return {
    url: front.url,
    adminUrl: admin.url,
    async reload(next) {
      const settle = await front.prepare(next);
      settle(true);
      await ranges.restart();
    },
    refreshIndexes: front.refreshIndexes,
    async stop() {
      isDraining = true;
      ranges.close();
      await front.stop();
      await admin.close();
    },
  };
}
