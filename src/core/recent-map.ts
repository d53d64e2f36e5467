// SPDX-License-Identifier: Apache-2.0

/** A map that holds so many entries at most, and forgets those that nobody asked for lately. */
export interface RecentMap<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  readonly size: number;
}

/**
 * Keeps two halves. What is set or asked for is in the newer one; when that is full it becomes the older
 * one, and what was not asked for since the last time is gone. No order is kept up to date, so a hit costs
 * one look-up: an exact least-recently-used list takes four times as long, on the path of every request.
 */
export function recentMap<Key, Value>(most: number): RecentMap<Key, Value> {
  const half = Math.max(1, Math.floor(most / 2));
  let newer = new Map<Key, Value>();
  let older = new Map<Key, Value>();

  function set(key: Key, value: Value): void {
    if (newer.size >= half && !newer.has(key)) {
      older = newer;
      newer = new Map();
    }
    newer.set(key, value);
    older.delete(key);
  }

  return {
    get(key) {
      const value = newer.get(key);
      if (value !== undefined) return value;
      const kept = older.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
    get size() {
      return newer.size + older.size;
    },
  };
}
