// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** How a copy that fails is tried again. */
export const COPY_PORTS = {
  sleep: (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal }),
  random: Math.random,
  retries: 3,
  backoff: 1_000,
  patience: 120_000,
};
