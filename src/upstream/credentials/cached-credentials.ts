// SPDX-License-Identifier: Apache-2.0
import { renewed } from '../../core/renewed.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';

export interface LimitedCredentials {
  readonly credentials: Credentials | undefined;
  /** Until when they are good, in milliseconds since 1970. */
  readonly until: number;
}

/** Milliseconds. They are renewed before they are over: the clocks may differ, and the request takes its time. */
const MARGIN = 60_000;

/** Asks for them when the last ones are about to end; however many wait for them, once. */
export function cachedCredentials(
  ask: () => Promise<LimitedCredentials>,
  now: () => number,
): CredentialProvider {
  return renewed(
    async () => {
      const { credentials, until } = await ask();
      return { value: credentials, expiresAt: until };
    },
    { now, early: MARGIN },
  );
}
