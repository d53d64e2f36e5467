// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { CondemnedPorts } from './condemned.ts';

/** Time as this process sees it: not a date, and never set back. */
export const PROCESS_TIME: CondemnedPorts = {
  elapsed: () => performance.now(),
  wait: (milliseconds) => sleep(milliseconds),
};
