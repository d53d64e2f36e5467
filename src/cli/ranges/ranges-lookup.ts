// SPDX-License-Identifier: Apache-2.0
import { type Address, formatAddress, parseAddress } from '../../core/net/address.ts';
import { formatPrefix, prefixContains } from '../../core/net/prefix.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { JSON_OPTION, openSettings, RANGE_OPTIONS } from './ranges-input.ts';
import type { ReadRanges } from './ranges-read.ts';

export const rangesLookup: Command = {
  name: 'ranges lookup',
  summary: 'say which cloud and region addresses belong to, and who says so',
  args: [{ name: '<address...>', description: 'IPv4 or IPv6' }],
  options: [...RANGE_OPTIONS, JSON_OPTION],
  examples: [
    {
      line: 'archeion ranges lookup 3.4.12.4 2600:1f14::1 --config archeion.yaml',
      why: 'where two clients are',
    },
  ],
  async run(input, io) {
    const addresses = input.args.map(addressOf);
    const [{ readRanges }, { tableText }] = await Promise.all([
      import('./ranges-read.ts'),
      import('./ranges-text.ts'),
    ]);
    const sources = await readRanges(await openSettings(input, io), io);
    const found = addresses.map((address) => locate(address, sources));
    if (input.options['json'] === true) io.out(`${JSON.stringify(found)}\n`);
    else {
      const rows = found.map((one) => [
        one.address,
        one.cloud ?? 'unknown',
        one.region ?? '-',
        one.prefix ?? '-',
        one.feed ?? '-',
      ]);
      io.out(tableText([['address', 'cloud', 'region', 'prefix', 'feed'], ...rows]));
    }
    return EXIT.done;
  },
};

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(`"${text}" is no address`);
  return address;
}

interface Located {
  readonly address: string;
  readonly cloud?: string;
  readonly region?: string;
  readonly prefix?: string;
  readonly feed?: string;
}

/** The longest prefix, of equal ones the first: as the table of the front answers, which forgets who said so. */
function locate(address: Address, sources: readonly ReadRanges[]): Located {
  const holding = sources.flatMap(({ feed, entries }) =>
    entries
      .filter(({ prefix }) => prefixContains(prefix, address))
      .map(({ prefix, value }) => ({ feed, prefix, value })),
  );
  const [best] = holding.sort((a, b) => b.prefix.length - a.prefix.length);
  const text = formatAddress(address);
  if (best === undefined) return { address: text };
  const { feed, prefix, value } = best;
  return { address: text, ...value, prefix: formatPrefix(prefix), feed };
}
