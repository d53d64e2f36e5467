// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../core/oci/digest.ts';
import type { Question } from '../core/routing/route-plan.ts';
import { backendHealth } from './backend-health.ts';
import { type ExistenceLimits, existenceCache } from './existence-cache.ts';
import { type HeadAnswer, type ProberLimits, prober } from './prober.ts';

const HEX = 'ab'.repeat(32);
const LIFETIMES: ExistenceLimits = {
  maxEntries: 100,
  heldFor: 1_000,
  absentFor: 100,
  notNowFor: 10,
};

const HEALTH = {
  breaker: { failures: 3, pause: 500, longestPause: 500 },
  ejectAfter: 1,
  returnAfter: 1,
};

const near = question('near');
const far = question('far');

function question(name: string, hex = HEX): Question {
  const digest = parseDigest(`sha256:${hex}`);
  if (digest === undefined) throw new Error('the digest is one');
  const url = `https://${name}.example/containers/images/${digest}`;
  const found = { kind: 'redirect', to: url, by: name, reason: 'held' } as const;
  return { kind: 'blob', holder: name, digest, url, found };
}

/** A prober whose backends answer when the test says so, and whose clock the test moves. */
function bench(limits: Partial<ProberLimits> = {}) {
  let time = 0;
  const asked: string[] = [];
  const pending = new Map<string, PromiseWithResolvers<HeadAnswer>>();
  const deadline = Promise.withResolvers<void>();
  const counts = new Map<string, { value: number }>();
  const probes = prober(
    {
      cache: existenceCache(LIFETIMES, () => time),
      health: backendHealth(HEALTH, { now: () => time, drained: new Set() }),
      head: (url) => {
        asked.push(url);
        const answer = Promise.withResolvers<HeadAnswer>();
        pending.set(url, answer);
        return answer.promise;
      },
      sleep: () => ({ over: deadline.promise, cancel() {} }),
      outcomes: {
        cell: (...labels) => {
          const cell = counts.get(labels.join()) ?? { value: 0 };
          counts.set(labels.join(), cell);
          return cell;
        },
      },
    },
    { deadline: 1_000, maxConcurrent: 100, ...limits },
  );
  return {
    ...probes,
    asked,
    answer: ({ url }: Question, status: number, length: number | undefined = 7) =>
      pending.get(url)?.resolve({ status, length }),
    fail: ({ url }: Question) => pending.get(url)?.reject(new Error('connection refused')),
    runOutOfTime: () => deadline.resolve(),
    pass: (milliseconds: number) => (time += milliseconds),
    count: (...labels: string[]) => counts.get(labels.join())?.value ?? 0,
  };
}

/** Lets everything that is already settled be heard of. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('asking', () => {
  test('all are asked at once, and the first in order that says yes wins', async () => {
    const { ask, asked, answer } = bench();
    const found = ask([near, far]);
    expect(asked).toEqual([near.url, far.url]);
    answer(far, 200);
    answer(near, 200);
    expect(await found).toBe(near);
  });

  test('one that says no makes room for the next', async () => {
    const { ask, answer } = bench();
    const found = ask([near, far]);
    answer(near, 404);
    answer(far, 200);
    expect(await found).toBe(far);
  });

  test('nobody wins when nobody holds it', async () => {
    const { ask, answer, fail } = bench();
    const found = ask([near, far]);
    answer(near, 404);
    fail(far);
    expect(await found).toBeUndefined();
  });

  test('a late answer does not hold the client up, but serves the next one', async () => {
    const { ask, answer, runOutOfTime, knows } = bench();
    const found = ask([near]);
    runOutOfTime();
    expect(await found).toBeUndefined();
    answer(near, 200);
    await settled();
    expect(knows(near)).toBe('held');
  });

  test('however many wait for the same answer, a backend is asked once', async () => {
    const { ask, asked, answer, count } = bench();
    const clients = Array.from({ length: 50 }, () => ask([near]));
    answer(near, 200);
    expect(await Promise.all(clients)).toEqual(clients.map(() => near));
    expect(asked).toHaveLength(1);
    expect(count('near', 'held')).toBe(1);
  });

  test('no more than so many are asked of one backend at once; the rest goes on', async () => {
    const { ask, asked, answer, count } = bench({ maxConcurrent: 1 });
    const first = ask([near]);
    const other = question('near', 'cd'.repeat(32));
    expect(await ask([other])).toBeUndefined();
    expect(asked).toEqual([near.url]);
    expect(count('near', 'skipped')).toBe(1);
    answer(near, 200);
    expect(await first).toBe(near);
    const again = ask([other]);
    answer(other, 200);
    expect(await again).toBe(other);
  });
});

describe('what an answer means', () => {
  test.each([
    { status: 200, length: 7, means: 'held' },
    { status: 200, length: undefined, means: 'held' },
    { status: 200, length: 0, means: 'absent' },
    { status: 404, length: 0, means: 'absent' },
    { status: 410, length: 0, means: 'absent' },
    { status: 307, length: 0, means: 'absent' },
    { status: 403, length: 0, means: 'absent' },
    { status: 429, length: 0, means: 'absent' },
    { status: 503, length: 0, means: 'absent' },
  ])('$status with length $length means $means', async ({ status, length, means }) => {
    const { ask, answer, knows } = bench();
    const found = ask([near]);
    answer(near, status, length);
    await found;
    expect(knows(near)).toBe(means);
  });

  test('an empty blob may be empty', async () => {
    const empty = question(
      'near',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    const { ask, answer } = bench();
    const found = ask([empty]);
    answer(empty, 200, 0);
    expect(await found).toBe(empty);
  });

  test('absent is remembered longer than a refusal', async () => {
    const { ask, answer, knows, pass } = bench();
    const both = ask([near, far]);
    answer(near, 404);
    answer(far, 503);
    await both;
    pass(50);
    expect([knows(near), knows(far)]).toEqual(['absent', 'unknown']);
  });
});

test('what is held past its lifetime is used, and asked again once behind the request', async () => {
  const { ask, answer, knows, asked, pass } = bench();
  const found = ask([near]);
  answer(near, 200);
  await found;
  pass(1_000);
  expect(knows(near)).toBe('held');
  expect(knows(near)).toBe('held');
  expect(asked).toEqual([near.url, near.url]);
  answer(near, 404);
  await settled();
  expect(knows(near)).toBe('absent');
});

describe('a backend that keeps failing', () => {
  async function tripped() {
    const made = bench();
    for (const hex of ['01', '02', '03']) {
      const one = question('near', hex.repeat(32));
      const found = made.ask([one]);
      made.fail(one);
      await found;
    }
    return made;
  }

  test('is taken for empty and not asked, also for what it held before', async () => {
    const { knows } = await tripped();
    expect(knows(near)).toBe('absent');
    expect(knows(far)).toBe('unknown');
  });

  test('is asked by one client at a time after a pause, and believed again when it answers', async () => {
    const { knows, ask, answer, asked, pass } = await tripped();
    pass(500);
    expect(knows(near)).toBe('unknown');
    const trial = ask([near]);
    expect(await ask([question('near', 'ee'.repeat(32))])).toBeUndefined();
    expect(asked).toHaveLength(4);
    answer(near, 200);
    expect(await trial).toBe(near);
    expect(knows(near)).toBe('held');
  });
});
