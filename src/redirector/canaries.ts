// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { BackendHealth } from './backend-health.ts';
import type { ProberPorts } from './prober.ts';

/** What a backend or upstream has to hold, whatever else it lacks. */
export interface Canary {
  readonly kind: 'blob' | 'manifest';
  readonly holder: string;
  readonly url: string;
}

export interface CanaryPorts {
  readonly head: ProberPorts['head'];
  readonly health: BackendHealth;
  readonly log: Log;
}

/** Asks each once, and logs those whose state it changed. */
export async function askCanaries(canaries: readonly Canary[], ports: CanaryPorts): Promise<void> {
  await Promise.all(canaries.map((canary) => askCanary(canary, ports)));
}

async function askCanary(
  { kind, holder, url }: Canary,
  { head, health, log }: CanaryPorts,
): Promise<void> {
  const before = health.stateOf(holder);
  const status = await head(url, kind).then(
    (answer) => answer.status,
    () => undefined, // unreachable or too slow
  );
  health.canaryAnswered(holder, status === 200 ? 'success' : 'failure');
  const state = health.stateOf(holder);
  if (state === before) return;
  const advice = status === 401 ? { advice: NEEDS_TOKEN } : {};
  log.warn('backend-state', { backend: holder, state, before, status, ...advice });
}

const NEEDS_TOKEN =
  'it asks for a token, which a redirected client cannot have: let it serve anonymous pulls, or set `deliver: proxy`';
