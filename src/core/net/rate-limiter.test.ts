// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { address, addresses, prefix } from '../../../test/support/addresses.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { formatPrefix, prefixOf } from './prefix.ts';
import { type RateLimits, rateLimiter } from './rate-limiter.ts';

const ONE_A_SECOND: RateLimits = {
  requestsPerSecond: 1,
  burst: 1,
  ipv4Prefix: 32,
  ipv6Prefix: 56,
  maxClients: 100,
  exempt: [],
};

/** What each of these addresses is told, one after the other and at once. */
function answers(texts: readonly string[], limits: Partial<RateLimits> = {}): readonly number[] {
  const limiter = rateLimiter({ ...ONE_A_SECOND, ...limits });
  return texts.map((text) => limiter.take(address(text), 5_000));
}

describe('one bucket serves', () => {
  test.each([
    ['an IPv4 address', ['192.0.2.1', '192.0.2.1'], [0, 1_000]],
    ['the same address in mapped form', ['192.0.2.1', '::ffff:192.0.2.1'], [0, 1_000]],
    ['an IPv6 /56', ['2001:db8:0:100::1', '2001:db8:0:1ff::2'], [0, 1_000]],
  ])('%s', (_, texts, expected) => {
    expect(answers(texts)).toEqual(expected);
  });

  test('a wider prefix when so configured', () => {
    expect(answers(['192.0.2.1', '192.0.2.9', '192.0.3.1'], { ipv4Prefix: 24 })).toEqual([
      0, 1_000, 0,
    ]);
  });
});

test.each([
  ['IPv4 addresses', ['192.0.2.1', '192.0.2.2']],
  ['IPv6 prefixes', ['2001:db8:0:100::1', '2001:db8:0:200::1']],
  ['families', ['0.0.0.1', '::1:0:0:0']],
])('two %s have a bucket each', (_, texts) => {
  expect(answers(texts)).toEqual([0, 0]);
});

test('two addresses share a bucket exactly when their prefixes are the same', () => {
  fc.assert(
    fc.property(addresses, addresses, fc.nat(32), fc.nat(128), (a, b, ipv4Prefix, ipv6Prefix) => {
      const limiter = rateLimiter({ ...ONE_A_SECOND, ipv4Prefix, ipv6Prefix });
      const textOf = (one: typeof a) =>
        formatPrefix(prefixOf(one, one.kind === 4 ? ipv4Prefix : ipv6Prefix));
      limiter.take(a, 5_000);
      expect(limiter.take(b, 5_000) > 0).toBe(textOf(a) === textOf(b));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('a bucket fills while nobody asks', () => {
  const limiter = rateLimiter({ ...ONE_A_SECOND, requestsPerSecond: 10, burst: 3 });
  const at = (now: number) => limiter.take(address('192.0.2.1'), now);
  expect([at(0), at(0), at(0), at(0)]).toEqual([0, 0, 0, 100]);
  expect([at(99), at(100), at(100)]).toEqual([1, 0, 100]);
  expect([at(10_000), at(10_000), at(10_000), at(10_000)]).toEqual([0, 0, 0, 100]);
});

test('who is exempt is let through, and not remembered', () => {
  const limiter = rateLimiter({ ...ONE_A_SECOND, exempt: [prefix('10.0.0.0/8')] });
  expect([1, 2, 3].map(() => limiter.take(address('10.1.2.3'), 0))).toEqual([0, 0, 0]);
  expect(limiter.size).toBe(0);
});

test('a flood of 2 million addresses keeps no more buckets than it may, and who keeps asking keeps his', () => {
  const limiter = rateLimiter({ ...ONE_A_SECOND, maxClients: 1_000 });
  let most = 0;
  let refused = 0;
  for (let value = 0; value < 2_000_000; value += 1) {
    limiter.take({ kind: 4, value }, 0);
    refused += value % 400 === 0 && limiter.take(address('203.0.113.9'), 0) > 0 ? 1 : 0;
    most = Math.max(most, limiter.size);
  }
  expect(most).toBeLessThanOrEqual(1_000);
  expect(refused).toBe(2_000_000 / 400 - 1);
});
