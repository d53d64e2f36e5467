// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseRetryAfter, withRetries } from './retry.ts';
import { UpstreamError } from './upstream-error.ts';

const LIMITS = { retries: 3, backoff: 100, longestWait: 1_000 };

/** Fails with each of these in turn, then succeeds. */
async function run(failures: readonly unknown[], random = 0.5) {
  const waits: number[] = [];
  const left = [...failures];
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    if (left.length > 0) throw left.shift();
    return 'done';
  };
  const ports = {
    sleep: async (milliseconds: number) => void waits.push(milliseconds),
    random: () => random,
    onRetry() {},
  };
  const result = await withRetries(attempt, LIMITS, ports).catch((error: unknown) => error);
  return { result, attempts, waits };
}

const broken = new UpstreamError('unreachable', 'broken');
const answered = (status: number, retryAfter?: number) =>
  new UpstreamError('status', 'x', { status, ...(retryAfter !== undefined && { retryAfter }) });

describe('withRetries', () => {
  test('what passes is tried again, each time after a longer wait', async () => {
    const { result, waits } = await run([broken, answered(503), answered(429)]);
    expect(result).toBe('done');
    expect(waits).toEqual([75, 150, 300]);
  });

  test('the wait is spread between half and whole', async () => {
    expect((await run([broken], 0)).waits).toEqual([50]);
    expect((await run([broken], 0.999)).waits[0]).toBeCloseTo(100, 0);
  });

  test('after the last attempt its failure stands', async () => {
    const last = answered(502);
    const { result, attempts } = await run([broken, broken, broken, last]);
    expect(result).toBe(last);
    expect(attempts).toBe(4);
  });

  test.each([
    ['a refusal', answered(403)],
    ['a timeout', new UpstreamError('timeout', 'x')],
    ['a forbidden host', new UpstreamError('forbidden-host', 'x')],
    ['wrong bytes', new UpstreamError('wrong-digest', 'x')],
    ['a mistake of ours', new TypeError('x')],
  ])('%s is not tried again', async (_name, failure) => {
    const { result, attempts } = await run([failure]);
    expect(result).toBe(failure);
    expect(attempts).toBe(1);
  });

  test('an upstream is not asked earlier than it says, and not again when it asks for too long', async () => {
    expect((await run([answered(429, 900)])).waits).toEqual([900]);
    expect((await run([answered(429, 10)])).waits).toEqual([75]);
    const patient = answered(503, 60_000);
    expect((await run([patient])).result).toBe(patient);
  });
});

test.each([
  [undefined, undefined],
  ['0', 0],
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:00:30 GMT', 20_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['soon', undefined],
  ['-1x', undefined],
])('Retry-After: %s', (header, expected) => {
  expect(parseRetryAfter(header, 10_000)).toBe(expected);
});
