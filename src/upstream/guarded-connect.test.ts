// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { expect, test } from 'vitest';
import { guardedConnector, guardedLookup } from './guarded-connect.ts';

/** What a connection attempt learns of a name that resolves so. */
function resolve(answer: string | LookupAddress[], failure: NodeJS.ErrnoException | null = null) {
  const lookup: LookupFunction = (_hostname, _options, callback) => callback(failure, answer, 4);
  return new Promise<{ error: NodeJS.ErrnoException | null; address: unknown }>((done) => {
    const options = { all: Array.isArray(answer) };
    guardedLookup(lookup)('cdn.example', options, (error, address) => done({ error, address }));
  });
}

test('a name that resolves to public addresses is connected to', async () => {
  const both = [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  expect(await resolve(both)).toEqual({ error: null, address: both });
  expect(await resolve('8.8.8.8')).toEqual({ error: null, address: '8.8.8.8' });
});

test.each([
  ['loopback', '127.0.0.1'],
  ['a metadata service', '169.254.169.254'],
  ['a metadata service over IPv6', 'fd00:ec2::254'],
  ['mapped loopback', '::ffff:127.0.0.1'],
])('threat 5: a name that resolves to %s is refused', async (_name, address) => {
  expect((await resolve(address)).error).toMatchObject({ code: 'forbidden-host' });
  const mixed = [
    { address: '8.8.8.8', family: 4 },
    { address, family: 6 },
  ];
  const { error, address: offered } = await resolve(mixed);
  expect(error).toMatchObject({ code: 'forbidden-host' });
  expect(error?.message).toContain(address);
  expect(offered).toEqual([]);
});

test('a name that does not resolve fails as it did', async () => {
  const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  expect((await resolve([], failure)).error).toBe(failure);
});

test.each(['127.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:7f00:1'])(
  'threat 5: no connection is opened to the literal address %s',
  async (hostname) => {
    const opened: string[] = [];
    const connector = guardedConnector((target) => void opened.push(target.hostname));
    const target = { hostname, protocol: 'http:', port: '80' };
    const error = await new Promise((done) => connector(target, (...failed) => done(failed[0])));
    expect(error).toMatchObject({ code: 'forbidden-host' });
    expect(opened).toEqual([]);
  },
);

test('names and public literal addresses are passed on', () => {
  const opened: string[] = [];
  const connector = guardedConnector((target) => void opened.push(target.hostname));
  for (const hostname of ['8.8.8.8', 'cdn.example']) {
    connector({ hostname, protocol: 'https:', port: '443' }, () => undefined);
  }
  expect(opened).toEqual(['8.8.8.8', 'cdn.example']);
});
