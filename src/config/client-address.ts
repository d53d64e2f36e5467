// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { PrefixText } from './values.ts';

export const ClientAddress = z
  .strictObject({
    trustedProxyHops: z
      .int()
      .min(0)
      .max(32)
      .optional()
      .describe(
        'how many proxies of yours stand in front, counted from the right of the header; 2 behind Google Cloud Load Balancing',
      ),
    trustedProxies: z
      .array(PrefixText)
      .min(1)
      .optional()
      .describe('instead of a number of hops: the prefixes your proxies call from'),
    header: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'expected a header name in lower case')
      .default('x-forwarded-for')
      .describe(
        '`x-forwarded-for`, `forwarded` (RFC 7239), or a header that holds one address, such as `cf-connecting-ip`',
      ),
    compatibility: z
      .literal('archeio')
      .optional()
      .describe(
        'read X-Forwarded-For as archeio does: one entry is the client, of several the second from the right',
      ),
  })
  .refine(
    (value) =>
      [value.trustedProxyHops, value.trustedProxies, value.compatibility].filter(isGiven).length <
      2,
    'give one of trustedProxyHops, trustedProxies and compatibility',
  );

function isGiven(value: unknown): boolean {
  return value !== undefined;
}
