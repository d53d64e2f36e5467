// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { someBackend, someTable, someUpstream } from '../../../test/support/routing.ts';
import { parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { clientRoutes } from './client-routes.ts';
import type { Candidate, RoutingRule, RoutingTable } from './routing-table.ts';

const DUBLIN = { cloud: 'aws', region: 'eu-west-1' };
const FRANKFURT = { cloud: 'aws', region: 'eu-central-1' };
const IOWA = { cloud: 'gcp', region: 'us-central1' };
const NOWHERE = { cloud: 'aws', region: 'moon-1' };

const AT: Readonly<Record<string, number>> = {
  'eu-west-1': 0,
  'eu-central-1': 1_100,
  'us-central1': 6_000,
};

// The regions of this test lie on one line, which is enough to be near and far.
const distance: RoutingTable['distance'] = (from, to) => {
  const [a, b] = [AT[from.region], AT[to.region]];
  return a === undefined || b === undefined ? undefined : Math.abs(a - b);
};

const dublin = someBackend('dublin', { at: DUBLIN });
const iowa = someBackend('iowa', { at: IOWA });
const cdn = someBackend('cdn');
const oldCdn = someBackend('old-cdn', { families: [4] });

function candidates(...texts: string[]): Candidate[] {
  return texts.map((text) =>
    text === 'same-region' || text === 'nearest' || text === 'upstream'
      ? { kind: text }
      : { kind: 'backend', name: text },
  );
}

test('clients of one place share their routes; a rule for a region is for no client without one', () => {
  const rules = [{ client: { regions: ['eu-west-1'] }, blobs: candidates('cdn') }];
  const routesOf = clientRoutes(someTable({ rules, backends: [cdn] }));
  const client = { address: undefined, location: DUBLIN };
  expect(routesOf(client)).toBe(routesOf({ ...client }));
  expect(routesOf(client).backends).toEqual([cdn]);
  expect(routesOf({ address: undefined, location: undefined }).backends).toEqual([]);
});

test('routes say which rule they come from', () => {
  const rules = [
    { client: { clouds: ['gcp'] }, blobs: candidates('cdn') },
    { client: { clouds: ['aws'] }, blobs: candidates('cdn') },
  ];
  const routesOf = clientRoutes(someTable({ rules, backends: [cdn] }));
  expect(routesOf({ address: undefined, location: DUBLIN }).rule).toBe(1);
  expect(routesOf({ address: undefined, location: undefined }).rule).toBeUndefined();
});

function backendsFor(
  rules: readonly RoutingRule[],
  location: { cloud: string; region: string } | undefined,
  address = '203.0.113.9',
): string[] {
  const table = someTable({ rules, backends: [dublin, iowa, cdn, oldCdn], distance });
  const client = { address: parseAddress(address), location };
  return clientRoutes(table)(client).backends.map(({ name }) => name);
}

describe('candidates', () => {
  test.each([
    { blobs: ['same-region'], location: DUBLIN, expected: ['dublin'] },
    { blobs: ['same-region'], location: FRANKFURT, expected: [] },
    { blobs: ['same-region'], location: undefined, expected: [] },
    { blobs: ['nearest'], location: FRANKFURT, expected: ['dublin'] },
    { blobs: ['nearest'], location: DUBLIN, expected: ['dublin'] },
    { blobs: ['same-region', 'nearest'], location: DUBLIN, expected: ['dublin', 'iowa'] },
    { blobs: ['nearest', 'nearest', 'nearest'], location: FRANKFURT, expected: ['dublin', 'iowa'] },
    { blobs: ['nearest'], location: NOWHERE, expected: [] },
    { blobs: ['nearest'], location: undefined, expected: [] },
    { blobs: ['cdn', 'dublin', 'cdn'], location: undefined, expected: ['cdn', 'dublin'] },
    { blobs: ['upstream', 'cdn'], location: DUBLIN, expected: [] },
    { blobs: ['cdn', 'upstream', 'dublin'], location: DUBLIN, expected: ['cdn'] },
  ])('$blobs for $location gives $expected', ({ blobs, location, expected }) => {
    expect(backendsFor([{ client: {}, blobs: candidates(...blobs) }], location)).toEqual(expected);
  });

  test('a client that came over IPv6 is not sent to an IPv4-only host', () => {
    const rules = [{ client: {}, blobs: candidates('old-cdn', 'cdn') }];
    expect(backendsFor(rules, undefined, '192.0.2.1')).toEqual(['old-cdn', 'cdn']);
    expect(backendsFor(rules, undefined, '2001:db8::1')).toEqual(['cdn']);
    expect(backendsFor(rules, undefined, '::ffff:192.0.2.1')).toEqual(['old-cdn', 'cdn']);
  });
});

describe('rules', () => {
  const prefixes = [parsePrefix('198.51.100.0/24'), parsePrefix('2001:db8::/32')].flatMap(
    (prefix) => prefix ?? [],
  );
  const rules: RoutingRule[] = [
    { client: { prefixes }, blobs: candidates('iowa') },
    { client: { clouds: ['aws'], regions: ['eu-west-1'] }, blobs: candidates('dublin') },
    { client: { clouds: ['aws', 'gcp'] }, blobs: candidates('cdn') },
  ];

  test.each([
    { name: 'a prefix', location: DUBLIN, address: '198.51.100.7', expected: ['iowa'] },
    { name: 'an IPv6 prefix', location: DUBLIN, address: '2001:db8::7', expected: ['iowa'] },
    { name: 'cloud and region', location: DUBLIN, address: '203.0.113.9', expected: ['dublin'] },
    { name: 'cloud alone', location: FRANKFURT, address: '203.0.113.9', expected: ['cdn'] },
    { name: 'one of several clouds', location: IOWA, address: '203.0.113.9', expected: ['cdn'] },
    { name: 'none', location: undefined, address: '203.0.113.9', expected: [] },
    { name: 'none, the address unreadable', location: undefined, address: 'x', expected: [] },
  ])('the first that matches decides: by $name', ({ location, address, expected }) => {
    expect(backendsFor(rules, location, address)).toEqual(expected);
  });
});

describe('upstreams', () => {
  const us = someUpstream('us', { at: IOWA });
  const eu = someUpstream('eu', { at: DUBLIN });
  const table = someTable({ upstreams: [us, eu], distance });

  test.each([
    { location: IOWA, expected: 'us' },
    { location: FRANKFURT, expected: 'eu' },
    { location: undefined, expected: 'us' },
    { location: NOWHERE, expected: 'us' },
  ])('a client at $location is served by $expected', ({ location, expected }) => {
    const routes = clientRoutes(table)({ address: undefined, location });
    expect(routes.upstreams[0].name).toBe(expected);
    expect(routes.upstreams).toHaveLength(2);
  });

  test('of two as near, the one in the cloud of the client is taken', () => {
    const here = { cloud: 'gcp', region: 'eu-west-1' };
    const there = { cloud: 'aws', region: 'eu-west-1' };
    const both = [
      someUpstream('abroad', { at: there }),
      someUpstream('home', { at: here }),
    ] as const;
    const far = someTable({ upstreams: [...both], distance });
    const client = { address: undefined, location: { cloud: 'gcp', region: 'eu-central-1' } };
    expect(clientRoutes(far)(client).upstreams[0].name).toBe('home');
  });
});
