// SPDX-License-Identifier: Apache-2.0
import { type CollectOptions, collect } from '../../src/registry/collect/collect.ts';
import { openCondemned } from '../../src/registry/store/condemned.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { registryClient } from './registry-client.ts';
import { crashingDriver } from './registry-faults.ts';

/** Time as a test has it: the store's, the registry's and the collector's. */
export function testClock() {
  let time = Date.UTC(2026, 0, 1);
  return {
    now: () => time,
    advance(milliseconds: number) {
      time += milliseconds;
    },
  };
}

/** A registry on a store in memory, and those who collect there. */
export function collectingRegistry() {
  const clock = testClock();
  const counted = crashingDriver(memoryDriver(clock.now), Number.POSITIVE_INFINITY, false);
  const { storage, begun: operations } = counted;
  const time = {
    elapsed: clock.now,
    wait: async (milliseconds: number) => clock.advance(milliseconds),
  };

  /** What somebody does who sees the store through this driver. */
  function collector(driver: StorageDriver) {
    const outcomes: Record<string, string> = {};
    const progress: CollectOptions['progress'] = ({ digest, outcome }) => {
      outcomes[digest] = outcome;
    };
    const outcome = (options: Partial<CollectOptions>) =>
      collect({ storage: driver, grace: 0, ...time, progress, ...options });
    return { outcome, outcomes };
  }

  /** One collection; what became of each digest that it said anything about. */
  async function run(options: Partial<CollectOptions>): Promise<Readonly<Record<string, string>>> {
    const { outcome, outcomes } = collector(storage);
    await outcome(options);
    return outcomes;
  }

  /** Whose waiting takes no time unless it is said: whoever is held up by a test is slow, not dead. */
  const clientOf = (driver: StorageDriver, wait: typeof time.wait = async () => undefined) => {
    const condemned = openCondemned(driver, { ...time, wait });
    return registryClient({ storage: driver, now: clock.now, condemned });
  };
  return { clock, time, storage, operations, collector, run, clientOf, client: clientOf(storage) };
}
