// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { PrefixText } from './values.ts';

export const RateLimit = z.strictObject({
  requestsPerSecond: z
    .int()
    .min(1)
    .max(10_000) // above it the arithmetic would leave the whole numbers within years
    .default(50)
    .describe('what one client may ask for in the long run, `/v2/` included'),
  burst: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe('what it may ask for at once, after a while in which it did not ask'),
  ipv4Prefix: z
    .int()
    .min(8)
    .max(32)
    .default(32)
    .describe('bits of an IPv4 address that make one client'),
  ipv6Prefix: z
    .int()
    .min(16)
    .max(128)
    .default(56)
    .describe('the same for IPv6; a household or a machine has at least a /56 or a /64 to itself'),
  maxClients: z
    .int()
    .min(1_000)
    .max(10_000_000)
    .default(65_536)
    .describe('clients remembered; the least recently seen go first'),
  exempt: z
    .array(PrefixText)
    .default([])
    .describe('prefixes of clients that are never refused, such as your own build machines'),
});
