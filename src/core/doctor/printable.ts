// SPDX-License-Identifier: Apache-2.0

/** Text from the wire as a terminal may show it: no control characters, no reversed writing, no more than `longest`. */
export function printable(text: string, longest: number): string {
  const plain = text.replaceAll(/[^ -~\p{L}\p{M}\p{N}]/gu, '?');
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}
