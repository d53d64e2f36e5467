// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../../test/support/property-runs.ts';
import { formatPrefix } from '../prefix.ts';
import { parseAwsRanges } from './aws.ts';
import { parseAzureRanges } from './azure.ts';
import { parseGcpRanges } from './gcp.ts';
import { parseGeofeed } from './geofeed.ts';
import { parseOracleRanges } from './oracle.ts';
import { LONGEST_FEED } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/** `prefix cloud/region` for each entry, or the problems. */
function summary(result: RangeFeedResult): readonly string[] {
  if (!result.ok) return result.problems;
  return result.entries.map(
    ({ prefix, value }) => `${formatPrefix(prefix)} ${value.cloud}/${value.region}`,
  );
}

const AWS = {
  syncToken: '1700000000',
  createDate: '2023-11-14-22-13-20',
  prefixes: [
    { ip_prefix: '192.0.2.0/25', region: 'eu-west-1', service: 'AMAZON' },
    { ip_prefix: '198.51.100.0/24', region: 'us-east-1', service: 'AMAZON' },
    { ip_prefix: '203.0.113.0/24', region: 'GLOBAL', service: 'CLOUDFRONT' },
    { ip_prefix: '192.0.2.0/25', region: 'eu-west-1', service: 'EC2' },
  ],
  ipv6_prefixes: [{ ipv6_prefix: '2001:db8:1::/48', region: 'eu-west-1', service: 'AMAZON' }],
};

const GCP = {
  syncToken: '1700000000000',
  prefixes: [
    { ipv4Prefix: '192.0.2.128/25', service: 'Google Cloud', scope: 'us-central1' },
    { ipv6Prefix: '2001:db8:2::/48', service: 'Google Cloud', scope: 'us-central1' },
    { ipv4Prefix: '203.0.113.0/28', service: 'Google Cloud', scope: 'global' },
  ],
};

const ORACLE = {
  last_updated_timestamp: '2023-11-14T22:13:20.000000',
  regions: [
    {
      region: 'eu-frankfurt-1',
      cidrs: [
        { cidr: '192.0.2.0/26', tags: ['OCI'] },
        { cidr: '192.0.2.0/26', tags: ['OSN', 'OBJECT_STORAGE'] },
      ],
    },
    { region: 'us-phoenix-1', cidrs: [{ cidr: '192.0.2.64/26', tags: ['OCI'] }] },
  ],
};

const AZURE = {
  changeNumber: 1,
  cloud: 'Public',
  values: [
    { name: 'ActionGroup', properties: { region: '', addressPrefixes: ['203.0.113.0/24'] } },
    { name: 'AzureCloud', properties: { region: '', addressPrefixes: ['192.0.2.0/24'] } },
    {
      name: 'AzureCloud.westeurope',
      id: 'AzureCloud.westeurope',
      properties: {
        changeNumber: 1,
        region: 'westeurope',
        platform: 'Azure',
        systemService: '',
        addressPrefixes: ['192.0.2.0/25', '2001:db8:3::/48'],
      },
    },
  ],
};

describe('a feed in its own format gives prefixes and regions', () => {
  test.each([
    {
      name: 'aws',
      result: parseAwsRanges(JSON.stringify(AWS)),
      expected: [
        '192.0.2.0/25 aws/eu-west-1',
        '198.51.100.0/24 aws/us-east-1',
        '2001:db8:1::/48 aws/eu-west-1',
      ],
    },
    {
      name: 'gcp',
      result: parseGcpRanges(JSON.stringify(GCP)),
      expected: [
        '192.0.2.128/25 gcp/us-central1',
        '2001:db8:2::/48 gcp/us-central1',
        '203.0.113.0/28 gcp/global',
      ],
    },
    {
      name: 'oracle',
      result: parseOracleRanges(JSON.stringify(ORACLE)),
      expected: ['192.0.2.0/26 oracle/eu-frankfurt-1', '192.0.2.64/26 oracle/us-phoenix-1'],
    },
    {
      name: 'azure, with a byte order mark',
      result: parseAzureRanges(`\uFEFF${JSON.stringify(AZURE)}`),
      expected: ['192.0.2.0/25 azure/westeurope', '2001:db8:3::/48 azure/westeurope'],
    },
  ])('$name', ({ result, expected }) => {
    expect(summary(result)).toEqual(expected);
  });

  test('geofeed', () => {
    const text = [
      '# prefix,country,subdivision,city,postal code',
      '192.0.2.0/25,US,US-NJ,"North Bergen, East",',
      '"192.0.2.128/25", NL ,,Amsterdam,\r',
      '',
      '203.0.113.9,DE',
      '198.51.100.0/24,,,,',
      '2001:db8::/32,US,US-NJ,,',
    ].join('\n');
    expect(summary(parseGeofeed(text, 'acme'))).toEqual([
      '192.0.2.0/25 acme/us-nj',
      '192.0.2.128/25 acme/nl',
      '203.0.113.9/32 acme/de',
      '2001:db8::/32 acme/us-nj',
    ]);
  });
});

test('entries of one region share one value', () => {
  const result = parseAwsRanges(JSON.stringify(AWS));
  const values = result.ok ? result.entries.map(({ value }) => value) : [];
  expect(values[2]).toBe(values[0]);
  expect(new Set(values).size).toBe(2);
});

describe('what is wrong with a feed is said, with its place', () => {
  const prefix = { ip_prefix: '192.0.2.0/24', region: 'eu-west-1' };
  test.each([
    { document: { prefixes: [prefix] }, problems: ['ipv6_prefixes: expected a list'] },
    {
      document: {
        prefixes: [prefix, { ip_prefix: '192.0.2.0/33', region: 'eu-west-1' }, 7, {}],
        ipv6_prefixes: [{ ipv6_prefix: '2001:db8::/32', region: 'a b' }, { ip_prefix: '::/0' }],
      },
      problems: [
        'prefixes[1]: expected a prefix, not "192.0.2.0/33"',
        'prefixes[2]: expected a prefix',
        'prefixes[3]: expected a prefix',
        'ipv6_prefixes[0]: expected a name of a region',
        'ipv6_prefixes[1]: expected a prefix',
      ],
    },
    {
      document: { prefixes: [], ipv6_prefixes: [] },
      problems: ['no prefix of any region in it'],
    },
  ])('$problems', ({ document, problems }) => {
    expect(parseAwsRanges(JSON.stringify(document))).toEqual({ ok: false, problems });
  });

  test('in nested lists too', () => {
    const oracle = { regions: [{ region: 'x', cidrs: [{ cidr: '1.2.3.4.5' }] }, 'y'] };
    expect(summary(parseOracleRanges(JSON.stringify(oracle)))).toEqual([
      'regions[0].cidrs[0]: expected a prefix, not "1.2.3.4.5"',
      'regions[1].cidrs: expected a list',
      'no prefix of any region in it',
    ]);
    const properties = { region: 'x', addressPrefixes: ['192.0.2.0/24', 4] };
    const azure = { values: [{}, { name: 'AzureCloud.x', properties }, { name: 'AzureCloud.y' }] };
    expect(summary(parseAzureRanges(JSON.stringify(azure)))).toEqual([
      'values[0]: expected a tag with a name',
      'values[1].properties.addressPrefixes[1]: expected a prefix',
      'values[2].properties.addressPrefixes: expected a list',
    ]);
  });

  test('by line in a geofeed', () => {
    expect(summary(parseGeofeed('192.0.2.0/24,US\n\nnonsense,US\n192.0.2.9,U$', 'acme'))).toEqual([
      'line 3: expected a prefix, not "nonsense"',
      'line 4: expected a name of a region',
    ]);
  });

  test('twenty times at most', () => {
    const problems = summary(parseGcpRanges(JSON.stringify({ prefixes: Array(100).fill(0) })));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and 81 more');
  });
});

describe('hostile text is refused, not thrown at', () => {
  const parsers = [
    parseAwsRanges,
    parseGcpRanges,
    parseOracleRanges,
    parseAzureRanges,
    (text: string) => parseGeofeed(text, 'acme'),
  ];
  test.each([
    { name: 'nothing', text: '' },
    { name: 'null', text: 'null' },
    { name: 'a list', text: '[]' },
    { name: 'half a document', text: '{"prefixes":[' },
    { name: 'a page of a portal', text: '<!DOCTYPE html>\n<title>sign in, US</title>' },
    { name: 'depth', text: '['.repeat(1_000_000) },
    { name: 'length', text: ' '.repeat(LONGEST_FEED + 1) },
    { name: 'keys of prototypes', text: '{"__proto__":{"prefixes":[]},"constructor":1}' },
  ])('$name', ({ text }) => {
    expect(parsers.map((parse) => parse(text).ok)).toEqual(parsers.map(() => false));
  });

  test('a region may not be called like a key of a prototype', () => {
    const prefixes = [{ ipv4Prefix: '192.0.2.0/24', scope: '__proto__' }];
    expect(summary(parseGcpRanges(JSON.stringify({ prefixes })))).toContain(
      'prefixes[0]: expected a name of a region',
    );
    const harmless = [{ ipv4Prefix: '192.0.2.0/24', scope: 'constructor' }];
    expect(summary(parseGcpRanges(JSON.stringify({ prefixes: harmless })))).toEqual([
      '192.0.2.0/24 gcp/constructor',
    ]);
  });

  test('any JSON', () => {
    const keys = fc.constantFrom('prefixes', 'regions', 'values', 'cidrs', 'properties', 'name');
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, 0, 'AzureCloud.x', '192.0.2.0/24'),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(keys, tie('json'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, (document) => {
        for (const parse of parsers)
          expect(parse(JSON.stringify(document)).ok).toBeTypeOf('boolean');
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
