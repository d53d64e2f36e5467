// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Expiring } from '../../core/renewed.ts';
import { fetchJson, type JsonRequest, placeOf } from './fetch-json.ts';

/** RFC 6750 section 2.1; a character more could end up as another header. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

const Answer = z.object({
  access_token: z.string().regex(TOKEN),
  expires_in: z.coerce.number().optional(),
  /** Seconds since 1970, as some say instead. */
  expires_on: z.coerce.number().optional(),
});

/** Seconds, of a token of which nobody says. */
const UNTOLD = 600;

/** @throws Error that names the service, and nothing that it said */
export async function fetchToken(asked: JsonRequest): Promise<Expiring<string>> {
  const answer = await fetchJson(asked);
  if (Answer.safeParse(answer).success) return tokenIn(answer);
  throw new Error(`${placeOf(asked)} answers without a token that can be used`);
}

/** A token, as every service of this kind answers with it. */
export function tokenIn(answer: unknown, now = Date.now()): Expiring<string> {
  const found = Answer.safeParse(answer);
  if (!found.success) throw new Error('an answer without a token');
  const { access_token: value, expires_in, expires_on } = found.data;
  const expiresAt =
    expires_on === undefined ? now + (expires_in ?? UNTOLD) * 1000 : expires_on * 1000;
  return { value, expiresAt };
}
