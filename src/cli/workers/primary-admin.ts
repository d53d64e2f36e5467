// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../../config/schema.ts';
import type { RunningServer } from '../../http/node-server.ts';
import type { Log } from '../../log.ts';
import { mergeFamilies } from '../../metrics/merge.ts';
import { exposition, type Metrics } from '../../metrics.ts';
import { openAdminListener } from '../admin-listener.ts';
import { explainByWorker } from './worker-explain.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { WorkerReports } from './worker-reports.ts';

export interface PrimaryAdminPorts {
  readonly pool: Pick<WorkerPool, 'size' | 'listening'>;
  readonly reports: Pick<WorkerReports, 'collect'>;
  readonly isDraining: () => boolean;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The admin listener of a primary: it answers for all workers together.
 *
 * @throws ListenError
 */
export function openPrimaryAdmin(
  config: Pick<Config, 'admin'>,
  { pool, reports, isDraining, log, metrics }: PrimaryAdminPorts,
): Promise<RunningServer> {
  const missing = () => pool.size - pool.listening().length;
  const missed = () => `${missing()} of ${pool.size} workers missing`;
  return openAdminListener(config, {
    ready: () => [
      ...(isDraining() ? ['draining'] : []),
      ...(missing() === pool.size ? [missed()] : []),
    ],
    degraded: () => (missing() > 0 && missing() < pool.size ? [missed()] : []),
    explain: explainByWorker(pool.listening),
    log,
    metrics,
    async expose() {
      const ofWorkers = await reports.collect();
      return exposition(mergeFamilies([metrics.collect(), ofWorkers]));
    },
  });
}
