// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { documentOf, parseConfig } from './config.ts';

function parse(cloudRanges: Readonly<Record<string, unknown>>) {
  const upstreams = [{ name: 'main', url: 'https://registry.example.org' }];
  return parseConfig({ upstreams, cloudRanges: { directory: 'ranges', ...cloudRanges } });
}

describe('feeds may be given with an address', () => {
  test.each([
    { feeds: ['aws', { name: 'azure', url: 'https://mirror.example.org/azure.json?week=47' }] },
    { feeds: [{ geofeed: 'linode', url: 'https://geoip.example.org/' }, { geofeed: 'own' }] },
    { feeds: [{ name: 'gcp', url: 'file:///srv/cloud.json' }, { name: 'aws' }], refresh: '6h' },
  ])('%j', (ranges) => {
    const result = parse(ranges);
    const config = result.ok ? result.config : undefined;
    expect(config?.cloudRanges.feeds).toEqual(ranges.feeds);
    expect(config && documentOf(config).cloudRanges).toMatchObject(ranges);
  });
});

describe('what is wrong is said with its place', () => {
  test.each([
    [{ feeds: [{ name: 'aws', url: 'ftp://x.example/a' }] }, 'cloudRanges.feeds.0'],
    [{ feeds: [{ name: 'aws', url: 'https://u:p@x.example/a' }] }, 'cloudRanges.feeds.0'],
    [{ feeds: [{ name: 'ibm' }] }, 'cloudRanges.feeds.0'],
    [{ feeds: ['aws', { name: 'aws' }] }, 'cloudRanges.feeds: two feeds have the same name'],
    [{ feeds: ['aws', { geofeed: 'aws' }] }, 'cloudRanges.feeds: two feeds have the same name'],
    [{ refresh: '10ms' }, 'cloudRanges.refresh: expected between 1s and 7d'],
    [{ refresh: '8d' }, 'cloudRanges.refresh: expected between 1s and 7d'],
    [{ guard: { maxMoved: 1.5 } }, 'cloudRanges.guard.maxMoved'],
    [{ guard: { shortestIPv4: 33 } }, 'cloudRanges.guard.shortestIPv4'],
  ])('%j', (ranges, problem) => {
    const result = parse(ranges);
    expect(result.ok ? [] : result.problems).toEqual([expect.stringContaining(problem)]);
  });
});

test('without a word of it, nothing is fetched, and a feed may double and move a fifth', () => {
  const result = parse({});
  expect(result.ok && result.config.cloudRanges).toEqual({
    directory: 'ranges',
    feeds: [],
    static: [],
    guard: { maxMoved: 0.2, maxAdded: 1, shortestIPv4: 8, shortestIPv6: 16 },
  });
});
