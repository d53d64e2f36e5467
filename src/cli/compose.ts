// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import { observeProcess } from '../metrics/process-metrics.ts';
import { openMetrics } from '../metrics.ts';
import { openAdminListener } from './admin-listener.ts';
import { type FrontListener, openFrontListener } from './front-listener.ts';
import type { LoadedConfig } from './load-config.ts';
import { keepRangesFresh } from './ranges-in-front.ts';

/** The front and its admin listener, running in this process. */
export interface Front {
  readonly url: string;
  readonly adminUrl: string;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
}

/** @throws ListenError */
export async function openFront(loaded: LoadedConfig, log: Log): Promise<Front> {
  const metrics = openMetrics();
  observeProcess(metrics);
  const front = await openFrontListener(loaded, { log, metrics });
  const { state } = front;
  let isDraining = false;
  const admin = await orClose(front, () =>
    openAdminListener(loaded.config, {
      ready: () => (isDraining ? ['draining'] : []),
      explain: state.explain,
      log,
      metrics,
    }),
  );
  const ranges = keepRangesFresh(loaded, { state, log, metrics });
  return {
    url: front.url,
    adminUrl: admin.url,
    reload: ranges.reload,
    async stop() {
      isDraining = true;
      ranges.close();
      await front.stop();
      await admin.close();
    },
  };
}

/** A listener that stays open keeps a process alive that has nothing left to do. */
async function orClose<Result>(front: FrontListener, open: () => Promise<Result>): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    await front.close();
    throw error;
  }
}
