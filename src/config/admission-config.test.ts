// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { prefix } from '../../test/support/addresses.ts';
import { documentOf, parseConfig } from './config.ts';

const SMALLEST = { upstreams: [{ name: 'main', url: 'https://main.example' }] };

function parsed(more: object) {
  const result = parseConfig({ ...SMALLEST, ...more });
  return result.ok ? result.config : result.problems.join('\n');
}

test('nobody is limited and every repository is let through unless it is configured', () => {
  expect(parsed({})).not.toHaveProperty('rateLimit');
  expect(parsed({})).not.toHaveProperty('repositories');
});

describe('rateLimit', () => {
  test('has a default for everything', () => {
    expect(parsed({ rateLimit: {} })).toMatchObject({
      rateLimit: {
        requestsPerSecond: 50,
        burst: 500,
        ipv4Prefix: 32,
        ipv6Prefix: 56,
        maxClients: 65_536,
        exempt: [],
      },
    });
    const exempt = ['10.0.0.0/8'];
    expect(parsed({ rateLimit: { exempt } })).toMatchObject({
      rateLimit: { exempt: [prefix('10.0.0.0/8')] },
    });
  });

  test.each([
    { requestsPerSecond: 0 },
    { requestsPerSecond: 1.5 },
    { burst: 0 },
    { ipv4Prefix: 33 },
    { ipv6Prefix: 129 },
    { maxClients: 1 },
    { exempt: ['x'] },
    { perSecond: 1 },
  ])('%o is refused', (rateLimit) => {
    expect(parsed({ rateLimit })).toContain('rateLimit');
  });
});

describe('repositories', () => {
  test.each([
    [{ list: ['pause', 'csi/*'] }, { refresh: 600_000 }],
    [{ file: 'names.txt', refresh: '1m' }, { refresh: 60_000 }],
    [{ catalog: { upstream: 'main' } }, { catalog: { upstream: 'main', mayShrinkBy: 0.5 } }],
  ])('%o is accepted', (repositories, expected) => {
    expect(parsed({ repositories })).toMatchObject({ repositories: expected });
  });

  test.each([
    [{}, 'give one of list, file and catalog'],
    [{ list: ['a'], file: 'b' }, 'give one of list, file and catalog'],
    [{ list: [] }, 'repositories.list'],
    [{ list: ['Pause'] }, 'repositories.list.0: expected a repository name'],
    [{ list: ['*'] }, 'repositories.list.0: expected a repository name'],
    [{ catalog: { upstream: 'other' } }, 'no upstream is named "other"'],
    [{ catalog: { upstream: 'main', mayShrinkBy: 2 } }, 'repositories.catalog.mayShrinkBy'],
    [{ file: 'b', refresh: '1ms' }, 'expected between 1s and 7d'],
  ])('%o is refused', (repositories, problem) => {
    expect(parsed({ repositories })).toContain(problem);
  });
});

test('both are written out again as they were read', () => {
  const document = {
    rateLimit: { burst: 7, exempt: ['10.0.0.0/8'] },
    repositories: { file: 'names.txt', refresh: '5m' },
  };
  const result = parseConfig({ ...SMALLEST, ...document });
  expect(result.ok && documentOf(result.config)).toMatchObject(document);
});
