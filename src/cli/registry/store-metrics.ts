// SPDX-License-Identifier: Apache-2.0
import type { Metrics } from '../../metrics.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { observedDriver } from '../../storage/observed-driver.ts';

/** Seconds: a file in memory is there in a tenth of a millisecond, an object store that is struggling in ten seconds. */
const BUCKETS = [0.0005, 0.002, 0.01, 0.05, 0.2, 1, 5, 20];

/** The store, with every request to it counted and timed. */
export function countedStore(storage: StorageDriver, metrics: Metrics): StorageDriver {
  const requests = metrics.counter(
    'archeion_store_requests_total',
    'Requests to the store of the registry, by how they ended.',
    ['operation', 'outcome'],
  );
  const latency = metrics.histogram(
    'archeion_store_request_seconds',
    'How long requests to the store take: a read to its first byte, a list to its first key, a write to its end.',
    { labelNames: ['operation'], buckets: BUCKETS },
  );
  return observedDriver(
    storage,
    (operation, outcome, seconds) => {
      requests.cell(operation, outcome).value += 1;
      latency.observe(seconds, operation);
    },
    () => performance.now() / 1_000,
  );
}
