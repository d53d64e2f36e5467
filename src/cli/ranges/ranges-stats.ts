// SPDX-License-Identifier: Apache-2.0
import { type RegionStats, statsOfRanges } from '../../core/net/range-stats.ts';
import { type Command, EXIT } from '../command.ts';
import { JSON_OPTION, openSettings, RANGE_OPTIONS } from './ranges-input.ts';

export const rangesStats: Command = {
  name: 'ranges stats',
  summary: 'count prefixes and addresses by cloud and region',
  options: [...RANGE_OPTIONS, JSON_OPTION],
  examples: [
    { line: 'archeion ranges stats --config archeion.yaml', why: 'what the front goes by' },
  ],
  async run(input, io) {
    const [{ readRanges }, { tableText }] = await Promise.all([
      import('./ranges-read.ts'),
      import('./ranges-text.ts'),
    ]);
    const sources = await readRanges(await openSettings(input, io), io);
    const feeds = sources.map(({ feed, entries }) => ({ feed, entries: entries.length }));
    const regions = statsOfRanges(sources.flatMap(({ entries }) => entries));
    if (input.options['json'] === true) io.out(`${JSON.stringify({ feeds, regions })}\n`);
    else {
      const entries = feeds.map(({ feed, entries }) => [feed, entries]);
      const rows = [...cloudsOf(regions), ...regions].map(rowOf);
      const heads = ['cloud', 'region', 'prefixes', 'IPv4 addresses', 'IPv6 addresses'];
      io.out(`${tableText([['feed', 'entries'], ...entries])}\n${tableText([heads, ...rows])}`);
    }
    return EXIT.done;
  },
};

/** The sums of each cloud, over all its regions. */
function cloudsOf(regions: readonly RegionStats[]): readonly RegionStats[] {
  const clouds = new Map<string, RegionStats>();
  for (const { cloud, prefixes, ipv4, ipv6 } of regions) {
    const sums = clouds.get(cloud) ?? { prefixes: 0, ipv4: 0, ipv6: 0 };
    clouds.set(cloud, {
      cloud,
      region: '(all)',
      prefixes: sums.prefixes + prefixes,
      ipv4: sums.ipv4 + ipv4,
      ipv6: sums.ipv6 + ipv6,
    });
  }
  return [...clouds.values()];
}

/** IPv6 in powers of ten: nobody counts the digits. */
function rowOf({ cloud, region, prefixes, ipv4, ipv6 }: RegionStats): (string | number)[] {
  return [cloud, region, prefixes, ipv4, ipv6 === 0 ? 0 : ipv6.toExponential(1)];
}
