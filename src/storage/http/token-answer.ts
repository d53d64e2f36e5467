// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Expiring } from './renewed.ts';

const Answer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().optional(),
  /** Seconds since 1970, as some say instead. */
  expires_on: z.coerce.number().optional(),
});

/** Seconds, of a token of which nobody says. */
const UNTOLD = 600;

/** A token, as every service of this kind answers with it. */
export function tokenIn(answer: unknown, now = Date.now()): Expiring<string> {
  const found = Answer.safeParse(answer);
  if (!found.success) throw new Error('an answer without a token');
  const { access_token: value, expires_in, expires_on } = found.data;
  const expiresAt =
    expires_on === undefined ? now + (expires_in ?? UNTOLD) * 1000 : expires_on * 1000;
  return { value, expiresAt };
}
