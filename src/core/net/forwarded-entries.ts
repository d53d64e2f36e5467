// SPDX-License-Identifier: Apache-2.0

const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;

/** Further left nothing is read: no chain of proxies is this long, and a client may write what it likes there. */
const LONGEST = 4096;

/** Gives the entries of a header from right to left, then undefined. */
export type Entries = () => string | undefined;

/**
 * Splits a header at its commas, beginning at the right, where the nearest proxy wrote. What a client
 * put further left, an open quote included, cannot change how the entries of the proxies are read.
 */
export function entriesFromRight(header: string, quoting: 'quoted' | 'plain'): Entries {
  const floor = Math.max(0, header.length - LONGEST);
  let end: number | undefined = header.length;
  return () => {
    if (end === undefined) return undefined;
    const comma = lastComma(header, { end, floor, isQuoted: quoting === 'quoted' });
    const entry = header.slice(comma + 1, end).trim();
    end = comma === -1 ? undefined : comma;
    // What begins beyond the floor is given as unreadable: without its first characters it may be another address.
    return comma === -1 && floor > 0 ? '' : entry;
  };
}

interface Stretch {
  readonly end: number;
  readonly floor: number;
  readonly isQuoted: boolean;
}

function lastComma(header: string, { end, floor, isQuoted }: Stretch): number {
  let isInQuotes = false;
  for (let index = end - 1; index >= floor; index--) {
    const code = header.charCodeAt(index);
    if (code === COMMA && !isInQuotes) return index;
    if (isQuoted && code === QUOTE && header.charCodeAt(index - 1) !== BACKSLASH) {
      isInQuotes = !isInQuotes;
    }
  }
  return -1;
}
