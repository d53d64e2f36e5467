// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { address } from '../../test/support/addresses.ts';
import type { RateLimits } from '../core/net/rate-limiter.ts';
import type { Client } from '../core/routing/client-routes.ts';
import { admission } from './admission.ts';

const LIMITS: RateLimits = {
  requestsPerSecond: 1,
  burst: 3,
  ipv4Prefix: 32,
  ipv6Prefix: 56,
  maxClients: 100,
  exempt: [],
};
const UNREADABLE: Client = { address: undefined, location: undefined };
const CLIENT: Client = { address: address('192.0.2.1'), location: undefined };

function door(limits: Partial<RateLimits> = {}) {
  const clock = { time: 0 };
  const [refused, unlimited] = [{ value: 0 }, { value: 0 }];
  const ports = { clock: () => clock.time, refused, unlimited };
  const admit = admission({ ...LIMITS, ...limits }, ports);
  const drain = () => {
    for (let request = 0; request < LIMITS.burst; request += 1) admit(CLIENT);
  };
  return { admit, drain, clock, refused, unlimited };
}

describe('a client that asks too often', () => {
  test('is refused with the code of the specification, and counted', () => {
    const { admit, drain, refused } = door();
    drain();
    expect(refused.value).toBe(0);
    expect(() => admit(CLIENT)).toThrow(
      expect.objectContaining({ code: 'TOOMANYREQUESTS', status: 429 }),
    );
    expect(refused.value).toBe(1);
  });

  test.each([
    [{ requestsPerSecond: 1 }, 0, '1'],
    [{ requestsPerSecond: 1 }, 999.9, '1'],
    [{ requestsPerSecond: 1_000 }, 0, '1'],
  ])('with %o after %d ms it may ask again in %s s', (limits, time, seconds) => {
    const { admit, drain, clock } = door(limits);
    drain();
    clock.time = time;
    expect(() => admit(CLIENT)).toThrow(
      expect.objectContaining({ headers: ['Retry-After', seconds] }),
    );
  });

  test('learns what the limit is called, and not its own address', () => {
    const { admit, drain } = door();
    drain();
    expect(() => admit(CLIENT)).toThrow(/limit is 1 a second .*requestsPerSecond/);
    expect(() => admit(CLIENT)).not.toThrow(/192/);
  });
});

test('clients whose address is unreadable are not limited, and counted', () => {
  const { admit, unlimited, refused } = door();
  for (let request = 0; request < 10; request += 1) admit(UNREADABLE);
  expect([unlimited.value, refused.value]).toEqual([10, 0]);
});
