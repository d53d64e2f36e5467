// SPDX-License-Identifier: Apache-2.0

/** What typed-array loops need: a number at a place that the loop has made sure of. */
export function at(
  table: Uint8Array | Uint16Array | Uint32Array | Float64Array,
  index: number,
): number {
  // The one cast that `noUncheckedIndexedAccess` asks for: a check here would cost a tenth of a lookup.
  return table[index] as number;
}
