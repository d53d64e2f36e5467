// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Address, parseAddress } from '../net/address.ts';
import { type FailureLimiter, failureLimiter } from './failure-limiter.ts';

const HOME = parseAddress('192.0.2.1');
const NOW = 1_000_000;

function takeAll(limiter: FailureLimiter, address: Address | undefined): void {
  for (let attempt = 0; attempt < 20; attempt++) expect(limiter.take(address, NOW)).toBe(0);
}

describe('wrong passwords', () => {
  test('are twenty at once, and then one in ten seconds', () => {
    const limiter = failureLimiter();
    takeAll(limiter, HOME);
    expect(limiter.take(HOME, NOW)).toBe(10_000);
    expect(limiter.take(HOME, NOW + 9_000)).toBe(1_000);
    expect(limiter.take(HOME, NOW + 10_000)).toBe(0);
    expect(limiter.take(HOME, NOW + 10_000)).toBe(10_000);
  });

  test('do not count when they were right', () => {
    const limiter = failureLimiter();
    for (let attempt = 0; attempt < 100; attempt++) {
      expect(limiter.take(HOME, NOW)).toBe(0);
      limiter.giveBack(HOME);
    }
    takeAll(limiter, HOME);
    expect(limiter.take(HOME, NOW)).toBeGreaterThan(0);
  });

  test('nothing is given back that was not taken', () => {
    const limiter = failureLimiter();
    limiter.giveBack(HOME);
    limiter.giveBack(undefined);
    takeAll(limiter, HOME);
    expect(limiter.take(HOME, NOW)).toBeGreaterThan(0);
  });

  test.each([
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::2', true],
    ['2001:db8:0:1::1', '2001:db8:1::1', false],
    ['2001:db8::1', '192.0.2.1', false],
    ['not known', 'not known either', true],
    ['not known', '192.0.2.1', false],
  ])('%s and %s share what they may: %s', (one, other, share) => {
    const limiter = failureLimiter();
    takeAll(limiter, parseAddress(one));
    expect(limiter.take(parseAddress(other), NOW) > 0).toBe(share);
  });
});
