// SPDX-License-Identifier: Apache-2.0

const DOT = 46;
const ZERO = 48;
const NINE = 57;

/**
 * Reads four decimal octets as an unsigned number of 32 bits.
 *
 * A leading zero is refused: some programs read it as octal, and two readings of one address are how
 * filters are passed.
 */
export function parseIPv4(text: string): number | undefined {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= ZERO && code <= NINE) {
      octet = octet * 10 + code - ZERO;
      digits += 1;
      if (octet > 255 || (octet < 10 && digits > 1)) return undefined;
    } else {
      if (code !== DOT || digits === 0 || dots === 3) return undefined;
      value = (value << 8) | octet;
      octet = 0;
      digits = 0;
      dots += 1;
    }
  }
  return dots === 3 && digits > 0 ? ((value << 8) | octet) >>> 0 : undefined;
}

export function formatIPv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
