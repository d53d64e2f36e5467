// SPDX-License-Identifier: Apache-2.0
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics, Sample } from '../metrics.ts';

/**
 * What the process itself uses, under the names that prom-client gives them. Its own collection is not used:
 * it watches every garbage collection and every active handle, scraped or not.
 */
export function observeProcess(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();

  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () =>
    one(process.memoryUsage.rss()),
  );
  metrics.gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () =>
    one(process.memoryUsage().heapUsed),
  );
  metrics.gauge('nodejs_external_memory_bytes', 'Buffers and other memory outside the heap.', () =>
    one(process.memoryUsage().external),
  );
  metrics.total('process_cpu_seconds_total', 'User and system CPU time spent.', () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  });
  metrics.gauge('process_start_time_seconds', 'Start of the process since the epoch.', {
    across: 'min',
    read: () => one(Math.round(Date.now() / 1000 - process.uptime())),
  });
  const lag = 'Delay of the event loop since the last scrape, by quantile; 1 is the worst.';
  metrics.gauge('nodejs_eventloop_lag_seconds', lag, {
    across: 'max',
    read: () => {
      const samples = [0.5, 0.99, 1].map((quantile) => ({
        labels: { quantile: String(quantile) },
        // In nanoseconds, the timer's own interval included. Before the first tick it is not a number.
        value: Math.max(0, (delay.percentile(quantile * 100) || 0) / 1e9 - 0.02),
      }));
      delay.reset();
      return samples;
    },
  });
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}
