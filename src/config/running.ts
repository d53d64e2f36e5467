// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { Duration } from './values.ts';

/** What a server says while it runs; `sample` is the default. */
export function logSchema({ sample }: { readonly sample: number }) {
  return z
    .strictObject({
      level: z.enum(['info', 'warn', 'error', 'silent']).default('info'),
      sample: z
        .number()
        .min(0)
        .max(1)
        .default(sample)
        .describe(
          'the share of successful requests, and of 429, that is logged; other errors always are',
        ),
    })
    .prefault({});
}

export const Shutdown = z.strictObject({
  grace: Duration.prefault('25s').describe('how long requests under way may take to finish'),
});
