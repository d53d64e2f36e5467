// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addresses, prefix } from '../../../test/support/addresses.ts';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { formatAddress } from './address.ts';
import { type ClientAddressPolicy, clientAddress, headerOfPolicy } from './client-address.ts';

const PEER = '10.0.0.1';

function seen(policy: ClientAddressPolicy, header?: string, peer = PEER): string | undefined {
  const address = clientAddress(policy, peer, header);
  return address === undefined ? undefined : formatAddress(address);
}

function hops(count: number, header = 'x-forwarded-for'): ClientAddressPolicy {
  return { kind: 'hops', header, hops: count };
}

function proxies(header = 'x-forwarded-for'): ClientAddressPolicy {
  return { kind: 'proxies', header, proxies: [prefix('10.0.0.0/8'), prefix('2001:db8:a::/48')] };
}

const ARCHEIO: ClientAddressPolicy = { kind: 'archeio' };

describe('headerOfPolicy', () => {
  test.each([
    [hops(0), undefined],
    [hops(1), 'x-forwarded-for'],
    [hops(2, 'forwarded'), 'forwarded'],
    [proxies('cf-connecting-ip'), 'cf-connecting-ip'],
    [ARCHEIO, 'x-forwarded-for'],
  ])('of %j is %s', (policy, expected) => {
    expect(headerOfPolicy(policy)).toBe(expected);
  });
});

describe('by number of hops, counted from the right with the peer as the last', () => {
  test.each([
    { count: 0, header: undefined, expected: PEER },
    { count: 0, header: '192.0.2.9', expected: PEER },
    { count: 1, header: '203.0.113.7', expected: '203.0.113.7' },
    { count: 1, header: '192.0.2.9, 203.0.113.7', expected: '203.0.113.7' },
    { count: 2, header: '192.0.2.9, 203.0.113.7,10.0.0.2', expected: '203.0.113.7' },
    { count: 2, header: '203.0.113.7\t,\t10.0.0.2', expected: '203.0.113.7' },
    { count: 2, header: '203.0.113.7', expected: undefined },
    { count: 3, header: '203.0.113.7', expected: undefined },
    { count: 1, header: undefined, expected: undefined },
    { count: 1, header: '', expected: undefined },
    { count: 1, header: '203.0.113.7,', expected: undefined },
    { count: 1, header: '203.0.113.7, unknown', expected: undefined },
    { count: 1, header: ',203.0.113.7', expected: '203.0.113.7' },
    { count: 2, header: ',203.0.113.7', expected: undefined },
  ])('$count hops and "$header" give $expected', ({ count, header, expected }) => {
    expect(seen(hops(count), header)).toBe(expected);
  });

  test('an unreadable peer is an unknown client', () => {
    expect(seen(hops(0), undefined, '')).toBeUndefined();
  });

  test('an IPv4 peer on a dual-stack socket, and a link-local one', () => {
    expect(seen(hops(0), undefined, '::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(seen(hops(0), undefined, 'fe80::1%eth0')).toBe('fe80::1');
  });
});

describe('how proxies write an address', () => {
  test.each([
    ['203.0.113.7:443', '203.0.113.7'],
    ['203.0.113.7:_hidden', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['203.0.113.7:', undefined],
    ['203.0.113.7:123456', undefined],
    ['203.0.113.7:4:4', undefined],
    ['[203.0.113.7]', undefined],
    ['[2001:db8::1', undefined],
    ['[2001:db8::1]443', undefined],
    ['[2001:db8::1]:', undefined],
    ['[]', undefined],
    ['_hidden', undefined],
  ])('%s is %s', (entry, expected) => {
    expect(seen(hops(1), entry)).toBe(expected);
  });
});

describe('by proxy prefixes', () => {
  test.each([
    { header: '203.0.113.7', expected: '203.0.113.7' },
    { header: '192.0.2.9, 203.0.113.7, 10.0.0.3', expected: '203.0.113.7' },
    { header: '203.0.113.7, [2001:db8:a::2]:443, 10.0.0.3', expected: '203.0.113.7' },
    { header: '10.0.0.9, 10.0.0.3', expected: '10.0.0.9' },
    { header: '203.0.113.7, unknown, 10.0.0.3', expected: undefined },
    { header: undefined, expected: undefined },
    { header: '', expected: undefined },
  ])('"$header" from a proxy gives $expected', ({ header, expected }) => {
    expect(seen(proxies(), header)).toBe(expected);
  });

  test.each(['198.51.100.4', '2001:db8:b::1', ''])(
    'from the peer "%s", which is no proxy, the header is ignored',
    (peer) => {
      expect(seen(proxies(), '192.0.2.9', peer)).toBe(peer === '' ? undefined : peer);
    },
  );

  test('a chain longer than any is not walked to its end', () => {
    expect(seen(proxies(), `203.0.113.7${', 10.0.0.3'.repeat(63)}`)).toBe('203.0.113.7');
    expect(seen(proxies(), `203.0.113.7${', 10.0.0.3'.repeat(64)}`)).toBeUndefined();
  });
});

describe('by Forwarded (RFC 7239)', () => {
  test.each([
    ['for=203.0.113.7', '203.0.113.7'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for=203.0.113.7;proto=http;by=203.0.113.43', '203.0.113.7'],
    ['proto=http; for="203.0.113.7:80" ;by=_gateway;', '203.0.113.7'],
    ['for=203.0.113.7;ext="a, for=192.0.2.9; \\"b"', '203.0.113.7'],
    ['for=192.0.2.9, for="203.0.113.7"', '203.0.113.7'],
    ['for="203.0.113\\.7"', '203.0.113.7'],
    ['for=[2001:db8::1]:443', '2001:db8::1'],
    ['for=unknown', undefined],
    ['for=_SEVKISEK', undefined],
    ['for="_hidden:_port"', undefined],
    ['for=', undefined],
    ['for="203.0.113.7', undefined],
    ['proto=https', undefined],
    ['for=203.0.113.7;for=192.0.2.9', undefined],
    ['for=203.0.113.7 192.0.2.9', undefined],
    ['203.0.113.7', undefined],
    ['', undefined],
  ])('%s names %s', (header, expected) => {
    expect(seen(hops(1, 'forwarded'), header)).toBe(expected);
  });

  test('proxies are walked over as in the other header', () => {
    const header = 'for=192.0.2.9, for=203.0.113.7, for="[2001:db8:a::1]:443", for=10.0.0.3;by=_x';
    expect(seen(proxies('forwarded'), header)).toBe('203.0.113.7');
    expect(seen(hops(3, 'forwarded'), header)).toBe('203.0.113.7');
  });
});

describe('by a header with one address', () => {
  test.each([
    { policy: hops(1, 'cf-connecting-ip'), header: ' 203.0.113.7 ', expected: '203.0.113.7' },
    { policy: hops(3, 'cf-connecting-ip'), header: '203.0.113.7', expected: '203.0.113.7' },
    { policy: hops(1, 'cf-connecting-ip'), header: '192.0.2.9, 203.0.113.7', expected: undefined },
    { policy: hops(1, 'cf-connecting-ip'), header: undefined, expected: undefined },
    { policy: proxies('cf-connecting-ip'), header: '203.0.113.7', expected: '203.0.113.7' },
    { policy: proxies('cf-connecting-ip'), header: 'nonsense', expected: undefined },
  ])('$policy.kind and "$header" give $expected', ({ policy, header, expected }) => {
    expect(seen(policy, header)).toBe(expected);
  });
});

describe('as archeio', () => {
  test.each([
    { header: undefined, expected: PEER },
    { header: '', expected: PEER },
    { header: '203.0.113.7', expected: '203.0.113.7' },
    { header: '203.0.113.7, 35.0.0.1', expected: '203.0.113.7' },
    { header: '192.0.2.9, 203.0.113.7,35.0.0.1', expected: '203.0.113.7' },
    { header: '::ffff:203.0.113.7, 35.0.0.1', expected: '203.0.113.7' },
    { header: 'nonsense', expected: undefined },
    { header: 'nonsense, 35.0.0.1', expected: undefined },
  ])('"$header" gives $expected', ({ header, expected }) => {
    expect(seen(ARCHEIO, header)).toBe(expected);
  });
});

describe('threat 26: a forged header', () => {
  const CLIENT = '203.0.113.7';

  test('changes nothing without proxies, or from a peer that is none', () => {
    fc.assert(
      fc.property(fc.string(), addresses.map(formatAddress), (noise, forged) => {
        for (const header of [noise, forged, `${forged}, ${noise}`, `for=${forged}`]) {
          expect(seen(hops(0), header, CLIENT)).toBe(CLIENT);
          expect(seen(proxies(), header, CLIENT)).toBe(CLIENT);
          expect(seen(proxies('forwarded'), header, CLIENT)).toBe(CLIENT);
          expect(seen(proxies('cf-connecting-ip'), header, CLIENT)).toBe(CLIENT);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  const syntax = fc.constantFrom('for=', '"', '\\', ';', ',', '[', ' ', '1.2.3.4', '10.0.0.3');
  const written = fc.oneof(
    fc.string(),
    fc.array(syntax).map((parts) => parts.join('')),
  );

  test('cannot change how the entries that proxies appended are read', () => {
    const plain = `${CLIENT}, 10.0.0.3`;
    const forwarded = `for=${CLIENT}, for="[2001:db8:a::1]:443"`;
    fc.assert(
      fc.property(written, (forged) => {
        expect(seen(hops(2), `${forged}, ${plain}`)).toBe(CLIENT);
        expect(seen(proxies(), `${forged}, ${plain}`)).toBe(CLIENT);
        expect(seen(ARCHEIO, `${forged}, ${plain}`)).toBe(CLIENT);
        expect(seen(hops(2, 'forwarded'), `${forged}, ${forwarded}`)).toBe(CLIENT);
        expect(seen(proxies('forwarded'), `${forged}, ${forwarded}`)).toBe(CLIENT);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test.each(['for="', 'for="\\', '"', 'for="a\\"'])(
    'an open quote is not closed by ours: %s',
    (open) => {
      const header = `${open}, for=${CLIENT}, for="[2001:db8:a::1]"`;
      expect(seen(hops(2, 'forwarded'), header)).toBe(CLIENT);
    },
  );

  test.each([
    { name: 'commas', forged: ','.repeat(1_000_000) },
    { name: 'one long entry', forged: '1'.repeat(1_000_000) },
    { name: 'white space', forged: ' '.repeat(1_000_000) },
    { name: 'quotes', forged: '"\\'.repeat(500_000) },
  ])('of a megabyte is not read: $name', ({ forged }) => {
    expect(seen(hops(1), `${forged}, ${CLIENT}`)).toBe(CLIENT);
    expect(seen(proxies('forwarded'), `${forged}, for=${CLIENT}`)).toBe(CLIENT);
    expect(seen(hops(32), forged)).toBeUndefined();
    expect(seen(hops(1, 'forwarded'), forged)).toBeUndefined();
  });

  test('an entry that is cut where reading ends is unreadable, not another address', () => {
    const padding = ', 10.0.0.3'.repeat(40);
    const whole = `11.2.3.4${padding}${' '.repeat(4096 - 8 - padding.length)}`;
    expect(seen(proxies(), whole)).toBe('11.2.3.4');
    // One character more, and what is left of the entry would be 1.2.3.4.
    const header = `${whole} `;
    expect(seen(proxies(), header)).toBeUndefined();
    expect(seen(hops(41), header)).toBeUndefined();
  });
});
