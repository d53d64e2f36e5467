// SPDX-License-Identifier: Apache-2.0
import { LONGEST_FEED, rangeCollector } from './range-collector.ts';
import type { RangeFeedResult } from './range-feed.ts';

/**
 * Reads a geofeed (RFC 8805): `prefix,country,subdivision,city,postal code`. `cloud` is the name that
 * rules and metrics use for whoever published it.
 *
 * The region is the subdivision in lower case (`us-nj`), or the country where there is none (`nl`); both
 * are ISO 3166 codes, while cities are free text that every publisher spells in its own way. A line
 * without a country asks for its prefix not to be located, and is skipped.
 */
export function parseGeofeed(text: string, cloud: string): RangeFeedResult {
  if (text.length > LONGEST_FEED) return { ok: false, problems: ['too long for a geofeed'] };
  const feed = rangeCollector(cloud);
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [prefix = '', country = '', subdivision = ''] = line.split(',', 3).map(plainField);
    if (country === '') continue;
    const problem = feed.add(prefix, (subdivision === '' ? country : subdivision).toLowerCase());
    if (problem !== undefined) feed.refuse(`line ${place + 1}: ${problem}`);
  }
  return feed.finish();
}

/** Without white space and quotes: the fields that are read here never hold a comma. */
function plainField(field: string): string {
  return field.trim().replace(/^"(.*)"$/, '$1');
}
