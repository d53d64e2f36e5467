// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { someBackend, someTable, someUpstream } from '../../../test/support/routing.ts';
import { endpointsOf } from './endpoints.ts';
import type { RoutingRule, RoutingTable } from './routing-table.ts';

const AT = { cloud: 'aws', region: 'eu-west-1' };
const near = someBackend('near', { at: AT });
const far = someBackend('far');

function hostsOf(table: Partial<RoutingTable>): string[] {
  return endpointsOf(someTable({ backends: [near, far], ...table })).map(({ host }) => host);
}

function rule(...blobs: RoutingRule['blobs']): RoutingRule {
  return { client: {}, blobs };
}

const toFar = { kind: 'backend', name: 'far' } as const;
const toNear = { kind: 'backend', name: 'near' } as const;

describe('the endpoints', () => {
  test('are the upstream alone while no rule names a backend', () => {
    expect(hostsOf({})).toEqual(['main.example']);
  });

  test.each([
    [[toFar], ['far.example', 'main.example']],
    [[{ kind: 'nearest' }], ['main.example', 'near.example']],
    [
      [{ kind: 'same-region' }, toFar],
      ['far.example', 'main.example', 'near.example'],
    ],
    [[{ kind: 'upstream' }, toFar], ['main.example']],
  ] as const)('of a rule with %j are %j', (blobs, hosts) => {
    expect(hostsOf({ rules: [rule(...blobs)] })).toEqual(hosts);
  });

  test('leave out what stands behind a rule for everybody', () => {
    expect(hostsOf({ rules: [rule(toFar), rule(toNear)] })).toEqual([
      'far.example',
      'main.example',
    ]);
  });

  test.each(['proxy', 'deny'] as const)('are none when everybody meets %s', (kind) => {
    expect(hostsOf({ rules: [{ ...rule(toFar), deliver: { kind } }] })).toEqual([]);
  });

  test('are the upstream when only some meet a rule that sends nobody anywhere', () => {
    const some = {
      client: { clouds: ['aws'] },
      blobs: [toFar],
      deliver: { kind: 'proxy' },
    } as const;
    expect(hostsOf({ rules: [some] })).toEqual(['main.example']);
  });

  test('leave out an upstream that the front fetches from', () => {
    const upstreams = [someUpstream('main', { isProxied: true })] as const;
    expect(hostsOf({ upstreams, rules: [rule(toNear)] })).toEqual(['near.example']);
  });

  test('say what each is for, once for each host and port', () => {
    const table = someTable({
      upstreams: [someUpstream('main', { url: 'http://Both.example:8080' })],
      backends: [
        someBackend('near', { url: 'http://both.example:8080/near/', leadsTo: ['cdn.example'] }),
        someBackend('six', { url: 'http://[2001:db8::1]/' }),
      ],
      rules: [rule(toNear, { kind: 'backend', name: 'six' })],
      pages: { root: 'https://both.example/images' },
    });
    expect(endpointsOf(table)).toEqual([
      { scheme: 'http', host: '[2001:db8::1]', port: 80, serves: ['blobs'], names: ['six'] },
      { scheme: 'https', host: 'both.example', port: 443, serves: ['pages'], names: ['page'] },
      {
        scheme: 'http',
        host: 'both.example',
        port: 8080,
        serves: ['manifests', 'blobs'],
        names: ['main', 'near'],
      },
      { scheme: 'https', host: 'cdn.example', port: 443, serves: ['redirects'], names: ['near'] },
    ]);
  });
});
