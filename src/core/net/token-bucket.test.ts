// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { FULL, type TokenBucketLimits, tokenBucket } from './token-bucket.ts';

const limits: fc.Arbitrary<TokenBucketLimits> = fc.record({
  requestsPerSecond: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10_000 })),
  burst: fc.integer({ min: 1, max: 20 }),
});

/** Milliseconds from each request to the next: many at once, and a pause now and then. */
const gaps = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1_500 })),
  { maxLength: 60 },
);

/** One millisecond after the other, with a level in thousandths: slow, and plainly right. */
function simulated({ requestsPerSecond, burst }: TokenBucketLimits, gaps: readonly number[]) {
  let level = burst * 1_000;
  return gaps.map((gap) => {
    for (let millisecond = 0; millisecond < gap; millisecond += 1) {
      level = Math.min(burst * 1_000, level + requestsPerSecond);
    }
    const isLet = level >= 1_000;
    level -= isLet ? 1_000 : 0;
    return isLet;
  });
}

test('it lets through what a simulation in steps of a millisecond lets through', () => {
  fc.assert(
    fc.property(
      limits,
      gaps,
      fc.integer({ min: 0, max: 2 ** 36 }),
      (given, requests, beginning) => {
        const bucket = tokenBucket(given);
        let fullAt = FULL;
        let now = beginning;
        const answers = requests.map((gap) => {
          now += gap;
          const next = bucket.take(fullAt, now);
          fullAt = next ?? fullAt;
          return next !== undefined;
        });
        expect(answers).toEqual(simulated(given, requests));
      },
    ),
    { numRuns: PROPERTY_RUNS },
  );
});

test('after the wait it names, and not a millisecond sooner, there is one more', () => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 0, max: 2 ** 36 }), (given, now) => {
      const bucket = tokenBucket(given);
      let fullAt = FULL;
      for (let next = bucket.take(fullAt, now); next !== undefined; next = bucket.take(next, now)) {
        fullAt = next;
      }
      const wait = bucket.waitFor(fullAt, now);
      expect(bucket.take(fullAt, now + wait)).toBeDefined();
      expect(bucket.take(fullAt, now + wait - 1)).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('a bucket with something left asks for no wait', () => {
  expect(tokenBucket({ requestsPerSecond: 1, burst: 2 }).waitFor(FULL, 5)).toBe(0);
});
