// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { type Prefix, parsePrefix } from '../core/net/prefix.ts';
import { type BlobPath, parseBlobPath } from '../core/routing/blob-path.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };

/** `250ms`, `10s`, `5m`, `6h`, `1d`; milliseconds once read. */
export const Duration = z
  .string()
  .regex(/^\d{1,6}(?:ms|s|m|h|d)$/, 'expected a duration such as 250ms, 10s, 5m, 6h or 1d')
  .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/^\d+/, '')] ?? 1));

/** A name by which rules, logs and metrics speak of an upstream or a backend. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected lower-case letters, digits, ".", "_" and "-"');

/** Scheme, host and perhaps a path; never a query, a fragment or a password. The slash at the end goes. */
export const HttpUrl = z
  .string()
  .refine(isPlainHttpUrl, 'expected an http or https URL without user, query and fragment')
  .transform((text) => text.replace(/\/+$/, ''));

function isPlainHttpUrl(text: string): boolean {
  // The text itself goes into `Location`, so what URL would silently repair is refused.
  if (!/^https?:\/\/[^\s/?#\\@]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*)?$/.test(text)) return false;
  return URL.canParse(text) && !text.includes('/../') && !text.endsWith('/..');
}

export const PrefixText = z.string().transform((text, context): Prefix => {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return prefix;
  context.addIssue(`expected an address prefix such as 10.0.0.0/8, not "${text}"`);
  return z.NEVER;
});

export const BlobPathText = z.string().transform((text, context): BlobPath => {
  const path = parseBlobPath(text);
  if (path !== undefined) return path;
  context.addIssue('expected a plain path with {digest}, or with {algorithm} and {hex}');
  return z.NEVER;
});

/** One value or several: `aws`, or `[aws, gcp]`. */
export function oneOrMore<Item extends z.ZodType>(item: Item) {
  return z
    .union([item, z.array(item).min(1)])
    .transform((value): readonly z.output<Item>[] => (Array.isArray(value) ? value : [value]));
}
