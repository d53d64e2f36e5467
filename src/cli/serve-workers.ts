// SPDX-License-Identifier: Apache-2.0
import { observeProcess } from '../metrics/process-metrics.ts';
import { openMetrics } from '../metrics.ts';
import { openAdminListener } from './admin-listener.ts';
import { EXIT, type ExitCode } from './command.ts';
import type { LoadedConfig } from './load-config.ts';
import { keepRangesFresh } from './ranges-in-front.ts';
import { reloadOnChange } from './reload-on-change.ts';
import type { ServePorts } from './serve-ports.ts';
import { shareConfig } from './shared-config.ts';
import { untilAborted } from './until-aborted.ts';
import { openPool } from './worker-pool.ts';
import { workerForker } from './worker-process.ts';

/** What a worker gets beyond the grace of its requests, in milliseconds, before it is killed. */
const SPARE = 5_000;

/** The primary: it starts the workers that share the front's port, and speaks for them on the admin listener. */
export async function serveWorkers(loaded: LoadedConfig, ports: ServePorts): Promise<ExitCode> {
  const { log, io } = ports;
  const { config, origin } = loaded;
  const metrics = openMetrics();
  observeProcess(metrics);
  const shared = shareConfig(loaded);
  const admin = await openAdminListener(config, {
    ready: () => (io.stop.aborted ? ['draining'] : []),
    explain: async () => undefined,
    log,
    metrics,
  });
  const pool = openPool(config.workers, {
    fork: workerForker(),
    configure: shared.give,
    died() {},
    now: () => performance.now(),
    later,
    log,
  });
  try {
    const url = await Promise.race([pool.started, untilAborted(io.stop)]);
    if (url !== undefined) {
      log.info('listening', { front: url, admin: admin.url, config: origin, workers: pool.size });
    }
    const ranges = keepRangesFresh(loaded, { state: shared, log, metrics });
    const endReloads = reloadOnChange(loaded, { ...ports, reload: ranges.reload });
    await untilAborted(io.stop);
    endReloads();
    ranges.close();
    const { grace } = shared.current().config.shutdown;
    log.info('draining', { grace });
    // A second signal ends this process here and now, and shall end the others with it.
    process.once('exit', () => void pool.kill());
    await pool.stop(grace + SPARE);
    log.info('stopped');
    return EXIT.done;
  } finally {
    await admin.close();
  }
}

function later(work: () => void, delay: number): () => void {
  const timer = setTimeout(work, delay);
  return () => clearTimeout(timer);
}
