// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../cloud-region.ts';
import { isObject } from '../json-value.ts';
import { parsePrefix } from '../prefix.ts';
import type { RangeEntry, RangeFeedResult } from './range-feed.ts';

/** Gathers the entries of one feed, and what is wrong with it. */
export interface RangeCollector {
  /** Takes one prefix in; what is wrong with it, if anything. */
  add(prefix: unknown, region: unknown): string | undefined;
  /** Visits what should be a list; what a visit finds wrong becomes a problem at that place. */
  each(list: unknown, path: string, visit: Visit): void;
  refuse(problem: string): void;
  finish(): RangeFeedResult;
}

export type Visit = (item: unknown, place: number) => string | undefined;

/** The largest feed there is has 5 million characters; a text so much larger is something else. */
export const LONGEST_FEED = 64 * 1024 * 1024;
/** Enough to see what is wrong; a file of something else would fill the log. */
const MOST_PROBLEMS = 20;
// Regions end up in metrics and logs, so a feed may not call one whatever it likes.
const REGION = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

export function rangeCollector(cloud: string): RangeCollector {
  const regions = new Map<string, CloudRegion>();
  const entries = new Map<string, RangeEntry>();
  const problems: string[] = [];
  const regionOf = (name: string): CloudRegion => {
    const region = regions.get(name) ?? { cloud, region: name };
    regions.set(name, region);
    return region;
  };
  const refuse = (problem: string): void => {
    problems.push(problem);
  };
  return {
    refuse,
    add(text, region) {
      if (typeof text !== 'string') return 'expected a prefix';
      // Providers list a prefix once for each service. Compared as text: reading it again costs more.
      if (entries.has(text)) return undefined;
      const prefix = parsePrefix(text);
      if (prefix === undefined) return `expected a prefix, not "${text.slice(0, 64)}"`;
      if (typeof region !== 'string' || !REGION.test(region)) return 'expected a name of a region';
      entries.set(text, { prefix, value: regionOf(region) });
      return undefined;
    },
    each(list, path, visit) {
      if (!Array.isArray(list)) return refuse(`${path}: expected a list`);
      for (const [place, item] of list.entries()) {
        const problem = visit(item, place);
        if (problem !== undefined) refuse(`${path}[${place}]: ${problem}`);
      }
    },
    finish() {
      // Taken at its word, an empty feed would send a whole cloud to the rule for everybody else.
      if (entries.size === 0) refuse('no prefix of any region in it');
      if (problems.length === 0) return { ok: true, entries: [...entries.values()] };
      return { ok: false, problems: shortened(problems) };
    },
  };
}

function shortened(problems: readonly string[]): readonly string[] {
  const omitted = problems.length - MOST_PROBLEMS;
  return omitted > 0 ? [...problems.slice(0, MOST_PROBLEMS), `and ${omitted} more`] : problems;
}

/** Reads a feed that is a JSON object; `visit` takes from it what it holds. */
export function collectFromJson(
  text: string,
  collector: RangeCollector,
  visit: (document: Readonly<Record<string, unknown>>) => void,
): RangeFeedResult {
  const document = parseJson(text);
  if (!isObject(document)) return { ok: false, problems: ['expected a JSON object'] };
  visit(document);
  return collector.finish();
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_FEED) return undefined;
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')); // some publish with a byte order mark
  } catch {
    // Where in the text it went wrong helps nobody: these files are written by programs.
    return undefined;
  }
}
