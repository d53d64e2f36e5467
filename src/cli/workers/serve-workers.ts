// SPDX-License-Identifier: Apache-2.0
import { observeProcess } from '../../metrics/process-metrics.ts';
import { type Metrics, openMetrics } from '../../metrics.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { keepRangesFresh } from '../front/ranges-in-front.ts';
import type { ServePorts } from '../front/serve-ports.ts';
import type { LoadedConfig } from '../load-config.ts';
import { reloadOnChange } from '../reload-on-change.ts';
import { untilAborted } from '../until-aborted.ts';
import { openPrimaryAdmin } from './primary-admin.ts';
import { type SharedConfig, shareConfig } from './shared-config.ts';
import { type WorkerPool, workerPool } from './worker-pool.ts';
import { workerForker } from './worker-process.ts';
import { type WorkerReports, workerReports } from './worker-reports.ts';

/** What a worker gets beyond the grace of its requests, in milliseconds, before it is killed. */
const SPARE = 5_000;

/** How often totals are noted, in milliseconds: what a worker counted since is lost when it is killed. */
const NOTE_EVERY = 5_000;

/** The primary: it starts the workers that share the front's port, and speaks for them on the admin listener. */
export async function serveWorkers(loaded: LoadedConfig, ports: ServePorts): Promise<ExitCode> {
  const { log, io } = ports;
  const { config, origin } = loaded;
  const metrics = openMetrics();
  observeProcess(metrics);
  const { pool, reports, shared } = openWorkers(loaded, { metrics, log });
  const isDraining = () => io.stop.aborted;
  const admin = await openPrimaryAdmin(config, { pool, reports, isDraining, log, metrics });
  const noting = setInterval(() => void reports.note(), NOTE_EVERY);
  try {
    const url = await Promise.race([pool.start(), untilAborted(io.stop)]);
    if (url !== undefined) {
      log.info('listening', { front: url, admin: admin.url, config: origin, workers: pool.size });
    }
    const ranges = keepRangesFresh({ replacement: shared, log, metrics });
    const reload = async (next: LoadedConfig) => {
      await shared.replace(next);
      await ranges.restart();
    };
    const endReloads = reloadOnChange(loaded, { ...ports, reload });
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
    clearInterval(noting);
    await admin.close();
  }
}

interface Workers {
  readonly pool: WorkerPool;
  readonly reports: WorkerReports;
  readonly shared: SharedConfig;
}

function openWorkers(
  loaded: LoadedConfig,
  { metrics, log }: Pick<ServePorts, 'log'> & { readonly metrics: Metrics },
): Workers {
  const shared = shareConfig(loaded);
  const deaths = metrics.counter(
    'archeion_worker_deaths_total',
    'Workers that had to be replaced.',
  );
  const died = deaths.cell();
  const reports = workerReports(() => pool.listening(), metrics);
  const pool = workerPool(loaded.config.workers, {
    fork: workerForker(),
    configure(worker, process) {
      shared.give(worker, process);
      reports.follow(process);
    },
    died: () => (died.value += 1),
    now: () => performance.now(),
    later,
    log,
  });
  metrics.gauge('archeion_workers', 'Workers that listen.', () => [
    { labels: {}, value: pool.listening().length },
  ]);
  return { pool, reports, shared };
}

function later(work: () => void, delay: number): () => void {
  const timer = setTimeout(work, delay);
  return () => clearTimeout(timer);
}
