// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { formatPrefix, type Prefix, parsePrefix } from '../core/net/prefix.ts';
import { type BlobPath, formatBlobPath, parseBlobPath } from '../core/routing/blob-path.ts';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250ms`, `10s`, `5m`, `6h`, `1d`; milliseconds once read. */
export const Duration = z.codec(
  z
    .string()
    .regex(/^\d{1,6}(?:ms|s|m|h|d)$/, 'expected a duration such as 250ms, 10s, 5m, 6h or 1d'),
  z.number(),
  {
    decode: (text) => Number.parseInt(text, 10) * (UNITS[text.replace(/^\d+/, '')] ?? 1),
    encode: durationText,
  },
);

function durationText(milliseconds: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1];
  return `${milliseconds / size}${unit}`;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `512KiB`, `100MiB`, `5GiB`, `1TiB`; bytes once read. */
export const Size = z.codec(
  z
    .string()
    .regex(/^[1-9]\d{0,3}(?:KiB|MiB|GiB|TiB)$/, 'expected a size such as 512KiB, 100MiB or 5GiB'),
  z.number(),
  {
    decode: (text) => Number.parseInt(text, 10) * (SIZE_UNITS[text.replace(/^\d+/, '')] ?? 1),
    encode: sizeText,
  },
);

function sizeText(bytes: number): string {
  const units = Object.entries(SIZE_UNITS).reverse();
  const [unit, size] = units.find(([, size]) => bytes % size === 0) ?? ['KiB', 1024];
  return `${bytes / size}${unit}`;
}

/** Nothing that is fetched changes by the second, and a timer cannot be set for a month. */
export const RefreshInterval = Duration.refine(
  (milliseconds) => milliseconds >= 1_000 && milliseconds <= 7 * 86_400_000,
  'expected between 1s and 7d',
);

/** A name by which rules, logs and metrics speak of an upstream or a backend. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected lower-case letters, digits, ".", "_" and "-"');

/** Scheme, host and perhaps a path; never a query, a fragment or a password. The slash at the end goes. */
export const HttpUrl = z
  .string()
  .refine(
    isPlainHttpUrl,
    'expected an http or https URL such as https://example.org, without user, query and fragment',
  )
  .overwrite((text) => text.replace(/\/+$/, ''));

function isPlainHttpUrl(text: string): boolean {
  // The text itself goes into `Location`, so what URL would silently repair is refused.
  if (!/^https?:\/\/[^\s/?#\\@]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*)?$/.test(text)) return false;
  return URL.canParse(text) && !text.includes('/../') && !text.endsWith('/..');
}

export const PrefixText = z.codec(z.string(), z.custom<Prefix>(), {
  decode: (text, context) => {
    const prefix = parsePrefix(text);
    if (prefix !== undefined) return prefix;
    context.issues.push(problem(text, 'expected an address prefix such as 10.0.0.0/8'));
    return z.NEVER;
  },
  encode: formatPrefix,
});

export const BlobPathText = z.codec(z.string(), z.custom<BlobPath>(), {
  decode: (text, context) => {
    const path = parseBlobPath(text);
    if (path !== undefined) return path;
    const message = 'expected a plain path with {digest}, or with {algorithm} and {hex}';
    context.issues.push(problem(text, message));
    return z.NEVER;
  },
  encode: formatBlobPath,
});

function problem(input: string, message: string) {
  return { code: 'custom', input, message: `${message}, not "${input}"` } as const;
}

/** One value or several: `aws`, or `[aws, gcp]`. */
export function oneOrMore(item: z.ZodString) {
  return z.codec(z.union([item, z.array(item).min(1)]), z.array(z.string()), {
    decode: (value) => (Array.isArray(value) ? value : [value]),
    encode: (values) => values,
  });
}
