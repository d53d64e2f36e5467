// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UpstreamError, type UpstreamErrorOptions } from '../../upstream/upstream-error.ts';
import { withPatience } from './with-patience.ts';

/** Work that always fails; how often it was tried, and how long was waited. */
async function failingWith(error: Error) {
  const waits: number[] = [];
  let attempts = 0;
  const patience = {
    retries: 2,
    backoff: 100,
    longestWait: 5_000,
    random: () => 0,
    sleep: async (milliseconds: number) => waits.push(milliseconds),
    signal: new AbortController().signal,
  };
  const work = async () => {
    attempts += 1;
    throw error;
  };
  await expect(withPatience(work, patience)).rejects.toBe(error);
  return { attempts, waits };
}

const status = (code: number, more: UpstreamErrorOptions = {}) =>
  new UpstreamError('status', 'no', { status: code, ...more });

test.each([
  ['a lost connection', new UpstreamError('unreachable', 'gone'), [50, 100]],
  ['wrong bytes', new UpstreamError('wrong-digest', 'other'), [50, 100]],
  ['an overloaded registry', status(503), [50, 100]],
  ['a registry that asks for a pause', status(429, { retryAfter: 2_000 }), [2_000, 2_000]],
])('%s may pass', async (_, error, waits) => {
  expect(await failingWith(error)).toEqual({ attempts: 3, waits });
});

test.each([
  ['a refusal', status(403)],
  ['a pause that is too long', status(429, { retryAfter: 6_000 })],
  ['a host that may not be asked', new UpstreamError('forbidden-host', 'no')],
  ['a mistake of ours', new Error('oh')],
])('%s does not', async (_, error) => {
  expect(await failingWith(error)).toEqual({ attempts: 1, waits: [] });
});
