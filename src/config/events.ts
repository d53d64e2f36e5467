// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { Duration } from './values.ts';

/** A replica that slept must not take a number for free that was used and reaped. */
const KEEP = Duration.refine(
  (milliseconds) => milliseconds >= 3_600_000 && milliseconds <= 3_650 * 86_400_000,
  'expected between 1h and 3650d',
);

export const Events = z
  .strictObject({
    log: z
      .boolean()
      .default(true)
      .describe('whether pushes, tags and deletes are kept in a log in the store, for followers'),
    keep: KEEP.prefault('30d').describe('how long what is in the log stays there'),
  })
  .prefault({})
  .describe('who is told what happens in the registry');

export type EventSettings = z.output<typeof Events>;
