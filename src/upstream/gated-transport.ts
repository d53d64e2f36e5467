// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { type HostCaps, type HostLimiterOptions, limitedTransport } from './host-limiter.ts';
import type { RetryLimits } from './retry.ts';
import type { Transport } from './transport.ts';

/** A transport that asks no host too much, by the clock of this machine. */
export function gatedTransport(
  transport: Transport,
  given: Pick<HostLimiterOptions, 'most'> & HostCaps,
  { longestWait }: Pick<RetryLimits, 'longestWait'>,
): Transport {
  const now = () => performance.now();
  const sleep = (milliseconds: number, signal?: AbortSignal) =>
    delay(milliseconds, undefined, { signal });
  return limitedTransport(transport, { ...given, longestPause: longestWait, now, sleep });
}
