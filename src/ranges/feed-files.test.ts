// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { formatPrefix } from '../core/net/prefix.ts';
import { type RangeFeed, readFeedFiles } from './feed-files.ts';

const AWS = JSON.stringify({
  prefixes: [{ ip_prefix: '192.0.2.0/24', region: 'eu-west-1' }],
  ipv6_prefixes: [],
});
const GCP = JSON.stringify({
  prefixes: [{ ipv4Prefix: '198.51.100.0/24', scope: 'us-central1' }],
});
const ORACLE = JSON.stringify({
  regions: [{ region: 'eu-frankfurt-1', cidrs: [{ cidr: '203.0.113.0/25' }] }],
});
const AZURE = JSON.stringify({
  values: [
    {
      name: 'AzureCloud.westeurope',
      properties: { region: 'westeurope', addressPrefixes: ['203.0.113.128/25'] },
    },
  ],
});

async function readFrom(files: Readonly<Record<string, string>>, feeds: readonly RangeFeed[]) {
  const { entries, problems } = await readFeedFiles(async (name) => files[name], feeds);
  const places = entries.map(
    ({ prefix, value }) => `${formatPrefix(prefix)} ${value.cloud}/${value.region}`,
  );
  return { places, problems };
}

describe('readFeedFiles', () => {
  test('reads each feed from the file of its name, in the order of the feeds', async () => {
    const files = {
      'aws.json': AWS,
      'gcp.json': GCP,
      'oracle.json': ORACLE,
      'azure.json': AZURE,
      'acme.csv': '2001:db8::/32,NL',
    };
    const geofeed = { kind: 'geofeed', name: 'acme' } as const;
    expect(await readFrom(files, [geofeed, 'gcp', 'aws', 'oracle', 'azure'])).toEqual({
      places: [
        '2001:db8::/32 acme/nl',
        '198.51.100.0/24 gcp/us-central1',
        '192.0.2.0/24 aws/eu-west-1',
        '203.0.113.0/25 oracle/eu-frankfurt-1',
        '203.0.113.128/25 azure/westeurope',
      ],
      problems: [],
    });
  });

  test('names a feed that is missing or bad, and serves the others', async () => {
    const files = { 'aws.json': AWS, 'gcp.json': '<html>' };
    expect(await readFrom(files, ['aws', 'gcp', { kind: 'geofeed', name: 'acme' }])).toEqual({
      places: ['192.0.2.0/24 aws/eu-west-1'],
      problems: [
        { feed: 'gcp', problem: 'expected a JSON object' },
        { feed: 'acme', problem: 'there is no "acme.csv"' },
      ],
    });
  });

  test.each([
    { thrown: new Error('EACCES: permission denied'), said: 'EACCES: permission denied' },
    { thrown: 'no reason', said: 'no reason' },
  ])('a file that cannot be read is a problem: $said', async ({ thrown, said }) => {
    const result = await readFeedFiles(() => Promise.reject(thrown), ['aws']);
    expect(result.entries).toEqual([]);
    expect(result.problems).toEqual([
      { feed: 'aws', problem: `"aws.json" cannot be read: ${said}` },
    ]);
  });

  test('without feeds there is nothing to read', async () => {
    expect(await readFrom({}, [])).toEqual({ places: [], problems: [] });
  });
});
