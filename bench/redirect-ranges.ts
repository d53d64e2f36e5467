// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Real feeds, when somebody put them beside the checkout. */
const REAL = join(import.meta.dirname, '../../shared/data/ranges');
const FILES = { aws: 'aws-ip-ranges.json', gcp: 'google-cloud.json' };
const REGIONS = ['eu-west-1', 'us-east-1', 'ap-southeast-2', 'eu-central-1'];

interface AwsFeed {
  readonly prefixes: ReadonlyArray<{ readonly ip_prefix: string }>;
  readonly ipv6_prefixes: ReadonlyArray<{ readonly ipv6_prefix: string }>;
}

interface GoogleFeed {
  readonly prefixes: ReadonlyArray<{ readonly ipv4Prefix?: string; readonly ipv6Prefix?: string }>;
}

/** Puts `aws.json` and `gcp.json` into a folder: the real ones, else made-up ones of the same size. */
export async function prepareRanges(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (existsSync(join(REAL, FILES.aws)) && existsSync(join(REAL, FILES.gcp))) {
    await copyFile(join(REAL, FILES.aws), join(folder, 'aws.json'));
    await copyFile(join(REAL, FILES.gcp), join(folder, 'gcp.json'));
    return;
  }
  await writeFile(join(folder, 'aws.json'), JSON.stringify(madeUpAws()));
  await writeFile(join(folder, 'gcp.json'), JSON.stringify(madeUpGoogle()));
}

/** A hundred addresses: 70 of AWS (some IPv6), 15 of Google, 15 of nobody; in an order that mixes them. */
export async function mixedAddresses(folder: string): Promise<string[]> {
  const aws: AwsFeed = JSON.parse(await readFile(join(folder, 'aws.json'), 'utf8'));
  const google: GoogleFeed = JSON.parse(await readFile(join(folder, 'gcp.json'), 'utf8'));
  const addresses = [
    ...spread(
      aws.prefixes.map((prefix) => prefix.ip_prefix),
      55,
    ),
    ...spread(
      aws.ipv6_prefixes.map((prefix) => prefix.ipv6_prefix),
      15,
    ),
    ...spread(
      google.prefixes.map((prefix) => prefix.ipv4Prefix ?? prefix.ipv6Prefix ?? ''),
      15,
    ),
    ...Array.from({ length: 15 }, (_, index) => `203.0.113.${index + 1}`),
  ];
  // 37 and 100 have no common divisor, so this visits every address once.
  return addresses.map((_, index) => addresses[(index * 37) % addresses.length] ?? '');
}

/** The first addresses of prefixes from all over a feed. */
function spread(prefixes: readonly string[], count: number): string[] {
  const step = Math.floor(prefixes.length / count);
  const chosen = prefixes.filter((_, index) => index % step === 0).slice(0, count);
  return chosen.map((prefix) => prefix.replace(/\/\d+$/, ''));
}

function madeUpAws() {
  const region = (index: number): string => REGIONS[index % REGIONS.length] ?? '';
  return {
    prefixes: Array.from({ length: 8000 }, (_, index) => ({
      ip_prefix: `${11 + (index >> 11)}.${(index >> 3) & 255}.${(index & 7) << 5}.0/20`,
      region: region(index),
      service: 'AMAZON',
    })),
    ipv6_prefixes: Array.from({ length: 3000 }, (_, index) => ({
      ipv6_prefix: `2600:${(0x1000 + index).toString(16)}::/32`,
      region: region(index),
      service: 'AMAZON',
    })),
  };
}

function madeUpGoogle() {
  return {
    prefixes: Array.from({ length: 900 }, (_, index) => ({
      ipv4Prefix: `34.${index >> 2}.${(index & 3) << 6}.0/20`,
      service: 'Google Cloud',
      scope: 'us-central1',
    })),
  };
}
