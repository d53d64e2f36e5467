// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { delayBefore, isWorthAnother } from './attempts.ts';
import { jsonOf } from './json-of.ts';

export interface JsonRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** A form as an object, or JSON as text. */
  readonly body?: Readonly<Record<string, string>> | string;
}

/** Milliseconds. */
const ANSWER_WITHIN = 10_000;
const ATTEMPTS = 3;
/** Bytes. */
const LONGEST = 65_536;

/**
 * Asks a service for tokens, whose answers are small. What it says is nobody's to read but in the field that is wanted:
 * it may hold a secret, so no message has it.
 */
export async function fetchJson(asked: JsonRequest): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await once(asked).catch((error: unknown) => {
      if (attempt >= ATTEMPTS)
        throw new Error(`${placeOf(asked)} does not answer`, { cause: error });
      return { status: 503, text: '' };
    });
    if (isWorthAnother(status, attempt, ATTEMPTS)) {
      await delay(delayBefore(attempt, undefined));
      continue;
    }
    if (status !== 200) throw new Error(`${placeOf(asked)} gives no token: ${status}`);
    const answer = jsonOf(text);
    if (answer === undefined) throw new Error(`${placeOf(asked)} gives no token: no JSON`);
    return answer;
  }
}

async function once({ url, method = 'GET', headers = {}, body }: JsonRequest) {
  const isForm = typeof body === 'object';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const answer = await request(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': type }) },
    body: isForm ? new URLSearchParams(body).toString() : (body ?? null),
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  });
  return { status: answer.statusCode, text: await beginningOf(answer.body) };
}

/** Of more than that nothing is believed: cut, it is no JSON. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, LONGEST - length));
    length += chunk.byteLength;
    if (length >= LONGEST) break;
  }
  return Buffer.concat(chunks).toString();
}

/** Without the query, in which there may be secrets. */
export function placeOf({ url }: JsonRequest): string {
  const { origin, pathname } = new URL(url);
  return `"${origin}${pathname}"`;
}
