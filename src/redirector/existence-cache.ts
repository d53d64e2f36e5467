// SPDX-License-Identifier: Apache-2.0
import { recentMap } from '../core/recent-map.ts';
import type { Knowledge } from '../core/routing/decide-route.ts';

/** What a backend said of a blob. `not-now`: refused, failed, slow or odd; nothing is known by it. */
export type ProbeOutcome = 'held' | 'absent' | 'not-now';

/** Milliseconds, but for `maxEntries`. */
export interface ExistenceLimits {
  readonly maxEntries: number;
  readonly heldFor: number;
  readonly absentFor: number;
  readonly notNowFor: number;
}

/**
 * Until when a word counts: above zero that the blob is held, below zero that it is not. Of tens of thousands
 * that are kept, a number takes a third of what an object does.
 */
type Word = number;

/**
 * Remembers, by URL, what backends said. Bounded: what nobody asked for lately goes first, so a flood of
 * made-up digests costs what the bound allows and no more.
 */
export interface ExistenceCache {
  /** `stale` means held, but past its lifetime: use it, and ask again behind the request. */
  look(url: string): Knowledge | 'stale';
  learn(url: string, outcome: ProbeOutcome): void;
  readonly size: number;
}

export function existenceCache(limits: ExistenceLimits, now: () => number): ExistenceCache {
  const entries = recentMap<string, Word>(limits.maxEntries);
  const lifetimes = { held: limits.heldFor, absent: limits.absentFor, 'not-now': limits.notNowFor };
  return {
    look(url) {
      const word = entries.get(url);
      if (word === undefined) return 'unknown';
      if (word > 0) return now() < word ? 'held' : 'stale';
      return now() < -word ? 'absent' : 'unknown';
    },
    learn(url, outcome) {
      // A fresh copy: a URL cut out of a request's target would keep the whole target in memory.
      const key = Buffer.from(url, 'latin1').toString('latin1');
      const until = now() + lifetimes[outcome];
      entries.set(key, outcome === 'held' ? until : -until);
    },
    get size() {
      return entries.size;
    },
  };
}
