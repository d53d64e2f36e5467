// SPDX-License-Identifier: Apache-2.0
import { type BreakerLimits, type CircuitBreaker, circuitBreaker } from './circuit-breaker.ts';

/**
 * `trial`: one probe at a time may find out whether it is back. `tripped`: probes kept failing. `ejected`:
 * its canary kept failing. `drained`: the operator wants it to get nobody.
 */
export type BackendState = 'well' | 'trial' | 'tripped' | 'ejected' | 'drained';

export interface HealthLimits {
  readonly breaker: BreakerLimits;
  /** Canaries in a row that have to fail before a backend is ejected, and to succeed before it is back. */
  readonly ejectAfter: number;
  readonly returnAfter: number;
}

/** How each backend is doing, by what probes and canaries say of it. Nothing of it outlives the process. */
export interface BackendHealth {
  stateOf(backend: string): BackendState;
  /** Takes the one trial there is in state `trial`. */
  tryTrial(backend: string): boolean;
  probed(backend: string, outcome: 'success' | 'failure'): void;
  canaryAnswered(backend: string, outcome: 'success' | 'failure'): void;
}

interface Condition {
  readonly breaker: CircuitBreaker;
  isEjected: boolean;
  /** Canaries in a row that spoke against `isEjected`. */
  contrary: number;
}

export interface HealthPorts {
  readonly now: () => number;
  readonly drained: ReadonlySet<string>;
}

export function backendHealth(limits: HealthLimits, { now, drained }: HealthPorts): BackendHealth {
  const conditions = new Map<string, Condition>();
  const conditionOf = (backend: string): Condition => {
    const known = conditions.get(backend);
    if (known !== undefined) return known;
    const made = { breaker: circuitBreaker(limits.breaker, now), isEjected: false, contrary: 0 };
    conditions.set(backend, made);
    return made;
  };
  return {
    stateOf(backend) {
      const { breaker, isEjected } = conditionOf(backend);
      if (drained.has(backend)) return 'drained';
      if (isEjected) return 'ejected';
      const state = breaker.state();
      if (state === 'closed') return 'well';
      return state === 'open' ? 'tripped' : 'trial';
    },
    tryTrial: (backend) => conditionOf(backend).breaker.tryTrial(),
    probed: (backend, outcome) => conditionOf(backend).breaker.record(outcome),
    canaryAnswered(backend, outcome) {
      const condition = conditionOf(backend);
      const isContrary = (outcome === 'success') === condition.isEjected;
      condition.contrary = isContrary ? condition.contrary + 1 : 0;
      const needed = condition.isEjected ? limits.returnAfter : limits.ejectAfter;
      if (condition.contrary < needed) return;
      condition.isEjected = !condition.isEjected;
      condition.contrary = 0;
    },
  };
}
