// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { BackendHealth } from './backend-health.ts';
import type { HeadAnswer } from './prober.ts';

/** A blob that a backend has to hold, whatever else it lacks. */
export interface Canary {
  readonly backend: string;
  readonly url: string;
}

export interface CanaryPorts {
  readonly head: (url: string) => Promise<HeadAnswer>;
  readonly health: BackendHealth;
  readonly log: Log;
}

/** Asks each backend once, and logs those whose state it changed. */
export async function askCanaries(canaries: readonly Canary[], ports: CanaryPorts): Promise<void> {
  await Promise.all(canaries.map((canary) => askCanary(canary, ports)));
}

async function askCanary({ backend, url }: Canary, { head, health, log }: CanaryPorts) {
  const before = health.stateOf(backend);
  const status = await head(url).then(
    (answer) => answer.status,
    () => undefined, // unreachable or too slow
  );
  health.canaryAnswered(backend, status === 200 ? 'success' : 'failure');
  const state = health.stateOf(backend);
  if (state !== before) log.warn('backend-state', { backend, state, before, status });
}
