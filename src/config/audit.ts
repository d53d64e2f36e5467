// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

export const Audit = z
  .strictObject({
    clientAddress: z
      .enum(['none', 'prefix', 'full'])
      .default('prefix')
      .describe(
        'how much of the address of a client is written down: nothing, its /24 or /48, or all of it',
      ),
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'a file that the lines are added to as well, relative to the configuration file; it may be moved away at any time',
      ),
  })
  .prefault({})
  .describe('lines about every change, every refused one, and every login that failed');

export type AuditSettings = z.output<typeof Audit>;
