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

interface Entry {
  readonly outcome: ProbeOutcome;
  readonly until: number;
}

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
  const entries = recentMap<string, Entry>(limits.maxEntries);
  const lifetimes = { held: limits.heldFor, absent: limits.absentFor, 'not-now': limits.notNowFor };
  return {
    look(url) {
      const entry = entries.get(url);
      if (entry === undefined) return 'unknown';
      const isFresh = now() < entry.until;
      if (entry.outcome === 'held') return isFresh ? 'held' : 'stale';
      return isFresh ? 'absent' : 'unknown';
    },
    learn(url, outcome) {
      // A fresh copy: a URL cut out of a request's target would keep the whole target in memory.
      const key = Buffer.from(url, 'latin1').toString('latin1');
      entries.set(key, { outcome, until: now() + lifetimes[outcome] });
    },
    get size() {
      return entries.size;
    },
  };
}
