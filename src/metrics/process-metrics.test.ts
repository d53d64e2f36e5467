// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { openMetrics } from '../metrics.ts';
import { observeProcess } from './process-metrics.ts';

test('memory, CPU, start and event loop lag of the process are exposed as plausible numbers', async () => {
  const metrics = openMetrics();
  observeProcess(metrics);
  const text = await metrics.expose();
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e5);
  expect(value('nodejs_external_memory_bytes')).toBeGreaterThan(0);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('process_start_time_seconds')).toBeGreaterThan(1.7e9);
  expect(value('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
});
