// SPDX-License-Identifier: Apache-2.0
import { type RateLimits, rateLimiter } from '../core/net/rate-limiter.ts';
import { RegistryError } from '../core/oci/registry-error.ts';
import type { Client } from '../core/routing/client-routes.ts';
import type { Cell } from '../metrics.ts';

/** Lets a client's request in, or throws the refusal. */
export type Admit = (client: Pick<Client, 'address'>) => void;

export interface AdmissionPorts {
  /** Milliseconds, from any point in time on; never put back. */
  readonly clock: () => number;
  readonly refused: Cell;
  /** Requests that no limit could apply to. */
  readonly unlimited: Cell;
}

export function admission(limits: RateLimits, ports: AdmissionPorts): Admit {
  const limiter = rateLimiter(limits);
  return ({ address }) => {
    if (address === undefined) {
      // One bucket for all of these would have them starve each other when a balancer in front is changed
      // or misread, which is our fault and not theirs. They are counted, so that somebody sees it.
      ports.unlimited.value += 1;
      return;
    }
    const wait = limiter.take(address, Math.floor(ports.clock()));
    if (wait === 0) return;
    ports.refused.value += 1;
    throw tooManyRequests(limits.requestsPerSecond, Math.ceil(wait / 1_000));
  };
}

function tooManyRequests(requestsPerSecond: number, seconds: number): RegistryError {
  const message = `too many requests: the limit is ${requestsPerSecond} a second for one client address (requestsPerSecond); try again in ${seconds} s`;
  return new RegistryError('TOOMANYREQUESTS', message, {
    headers: ['Retry-After', String(seconds)],
  });
}
