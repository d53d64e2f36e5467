// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from '../src/core/bytes.ts';
import { type Address, formatAddress, parseAddress } from '../src/core/net/address.ts';
import type { CloudRegion } from '../src/core/net/cloud-region.ts';
import type { Prefix } from '../src/core/net/prefix.ts';
import { buildPrefixTable, type PrefixTable } from '../src/core/net/prefix-table.ts';
import { readFeedFiles } from '../src/ranges/feed-files.ts';
import { prepareRanges } from './redirect-ranges.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const ADDRESSES = 100_000;
const ROUNDS = 15;
const PORTION = 2_000;

/** Feeds read and table built as at the start of a process, then lookups: half of the addresses lie in the table. */
export async function benchAddressLookup(): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  try {
    await prepareRanges(folder);
    return await measure(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(folder: string): Promise<readonly BenchResult[]> {
  const started = performance.now();
  const { entries } = await readFeedFiles(
    (name) => readFile(join(folder, name), 'utf8'),
    ['aws', 'gcp'],
  );
  const read = performance.now();
  // The first build counts: a process builds its table before it is warm.
  const table = buildPrefixTable(entries);
  const built = performance.now();
  const prefixes = entries.map(({ prefix }) => prefix);
  const ipv4 = sample(prefixes.filter(({ kind }) => kind === 4));
  const ipv6 = sample(prefixes.filter(({ kind }) => kind === 6));
  const numbers = Uint32Array.from(ipv4, (one) => (one.kind === 4 ? one.value : 0));
  const source = hasRealFeeds() ? 'published feeds' : 'made-up feeds of the same size';
  return [
    { metric: `prefixes in the table, ${source}`, measured: table.size, unit: '' },
    { metric: 'feeds read, first time', measured: read - started, unit: 'ms' },
    { metric: 'table built, first time', measured: built - read, unit: 'ms', atMost: 60 },
    inNanoseconds('lookup of an IPv4 number', 20, lookUpNumbers(table, numbers)),
    inNanoseconds('lookup of IPv4 text', 100, lookUpTexts(table, ipv4.map(asReceived))),
    inNanoseconds('lookup of IPv6 text', 400, lookUpTexts(table, ipv6.map(asReceived))),
  ];
}

function hasRealFeeds(): boolean {
  return existsSync(join(import.meta.dirname, '../../shared/data/ranges/aws-ip-ranges.json'));
}

/** Addresses of one family, in turn in one of the prefixes and anywhere near none. */
function sample(prefixes: readonly Prefix[]): readonly Address[] {
  return Array.from({ length: ADDRESSES }, (_, index) => {
    const prefix = prefixes[randomWord() % prefixes.length];
    if (prefix === undefined) throw new Error('a feed has no prefix of one family');
    return randomAddress(index % 2 === 0 ? prefix : elsewhere(prefix));
  });
}

/** All of IPv4, or what is given out of IPv6, 2000::/3: most of it belongs to no cloud. */
function elsewhere(prefix: Prefix): Prefix {
  return { ...prefix, length: prefix.kind === 4 ? 0 : 3 };
}

/** Any address that shares the first bits of a prefix. */
function randomAddress(prefix: Prefix): Address {
  if (prefix.kind === 4) return { kind: 4, value: randomBits(prefix.value, prefix.length) };
  const [a, b, c, d] = prefix.words;
  const { length } = prefix;
  return {
    kind: 6,
    words: [
      randomBits(a, length),
      randomBits(b, length - 32),
      randomBits(c, length - 64),
      randomBits(d, length - 96),
    ],
  };
}

function randomBits(word: number, fixed: number): number {
  if (fixed >= 32) return word;
  const mask = fixed <= 0 ? 0 : -1 << (32 - fixed);
  return ((word & mask) | (randomWord() & ~mask)) >>> 0;
}

function randomWord(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** Text as a parser of HTTP hands it out: in one piece, and not as the sum of parts that we made it of. */
function asReceived(address: Address): string {
  return Buffer.from(formatAddress(address), 'latin1').toString('latin1');
}

/** Looks up one portion of the addresses, and says how many were found. */
type LookUp = (start: number, end: number) => number;

function lookUpNumbers(table: PrefixTable<CloudRegion>, numbers: Uint32Array): LookUp {
  return (start, end) => {
    let found = 0;
    // By index: an iterator takes as long as the lookup.
    for (let index = start; index < end; index++) {
      if (table.lookup4(at(numbers, index)) !== undefined) found += 1;
    }
    return found;
  };
}

function lookUpTexts(table: PrefixTable<CloudRegion>, texts: readonly string[]): LookUp {
  return (start, end) => {
    let found = 0;
    for (let index = start; index < end; index++) {
      const address = parseAddress(texts[index] ?? '');
      if (address !== undefined && table.lookup(address) !== undefined) found += 1;
    }
    return found;
  };
}

/**
 * The median over portions of less than a millisecond, so that most of them are not interrupted when the machine
 * does something else too. Finding less than half would show that something else is measured.
 */
function inNanoseconds(metric: string, atMost: number, lookUp: LookUp): BenchResult {
  const portions: number[] = [];
  for (let done = 0; done < ROUNDS * ADDRESSES; done += PORTION) {
    const start = done % ADDRESSES;
    const started = performance.now();
    const found = lookUp(start, start + PORTION);
    portions.push(((performance.now() - started) * 1e6) / PORTION);
    if (found < PORTION / 2) throw new Error(`${metric}: only ${found} addresses found`);
  }
  return { metric, measured: median(portions), unit: 'ns', atMost };
}

if (import.meta.main) await runAlone(benchAddressLookup);
