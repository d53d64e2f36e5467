// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sasQuery } from './azure-sas.ts';

const VALUE = Buffer.from('secret key').toString('base64');
const REQUEST = {
  account: 'acct',
  container: 'cont',
  name: 'a/b c+ü',
  expiresAt: Date.parse('2026-11-21T20:00:00.123Z'),
};

// What Azure's own library signs of the same.
test('a link by the key of the account', () => {
  const query = new URLSearchParams(sasQuery(REQUEST, { kind: 'account', value: VALUE }));
  expect(Object.fromEntries(query)).toEqual({
    sp: 'r',
    se: '2026-11-21T20:00:00Z',
    sv: '2021-12-02',
    sr: 'b',
    sig: 'lBlXD5WEE8sTcFZF2U7UoMC+hK1QWr1/wt6xNtQiPSQ=',
  });
});

test('a link by a key that was asked for with a token', () => {
  const key = {
    objectId: 'o',
    tenantId: 't',
    start: '2026-11-21T00:00:00Z',
    expiry: '2026-11-22T00:00:00Z',
    service: 'b',
    version: '2021-12-02',
    value: VALUE,
  };
  const query = new URLSearchParams(sasQuery(REQUEST, { kind: 'delegation', key }));
  expect(query.get('sig')).toBe('ZzsbEsLCWsNk0y1++1RI8TiuCD612iRV4EigLWWRPrg=');
  expect(query.get('skoid')).toBe('o');
  expect(query.toString()).not.toContain('secret');
});
