// SPDX-License-Identifier: Apache-2.0

const HEX = 'a'.repeat(64);

/** Texts that look like digests and are none, by what is wrong with them. */
export const NO_DIGESTS: ReadonlyArray<readonly [string, string]> = [
  ['a path', 'sha256:../../x'],
  ['a path of the right length', `sha256:${'../'.repeat(21)}x`],
  ['an encoded slash', `sha256:%2f${'a'.repeat(61)}`],
  ['upper case', `sha256:${'A'.repeat(64)}`],
  ['63 digits', `sha256:${'a'.repeat(63)}`],
  ['65 digits', `sha256:${'a'.repeat(65)}`],
  ['a sha512 as short as a sha256', `sha512:${HEX}`],
  ['an unknown algorithm', `sha1:${'a'.repeat(40)}`],
  ['a path for an algorithm', `../sha256:${HEX}`],
  ['an algorithm in upper case', `SHA256:${HEX}`],
  ['a NUL at its end', `sha256:${HEX}\0`],
  ['a line break at its end', `sha256:${HEX}\n`],
  ['a space before it', ` sha256:${HEX}`],
  ['a query behind it', `sha256:${HEX}?x=1`],
  ['digits of another script', `sha256:${'\u0661'.repeat(64)}`],
  ['no algorithm', HEX],
  ['nothing', ''],
];
