// SPDX-License-Identifier: Apache-2.0

/** How fast something has grown lately. */
export interface ByteRate {
  /** @returns bytes a second, of the last few seconds */
  note(total: number, now: number): number;
}

/** Milliseconds that count. */
const LATELY = 10_000;

export function byteRate(): ByteRate {
  const seen: Array<{ readonly total: number; readonly at: number }> = [];
  return {
    note(total, now) {
      seen.push({ total, at: now });
      // One that is older than what counts stays, or a pause between two looks would hide all that came in it.
      while ((seen[1]?.at ?? now) <= now - LATELY) seen.shift();
      const [first = { total, at: now }] = seen;
      // What an attempt had brought when it failed is taken back.
      const grown = Math.max(0, total - first.total);
      return now > first.at ? Math.round((grown * 1_000) / (now - first.at)) : 0;
    },
  };
}
