// SPDX-License-Identifier: Apache-2.0

/** Why two readers may take one JSON text for two documents. */
export type JsonAmbiguity =
  | { readonly kind: 'duplicate-key' | 'disguised-key'; readonly key: string }
  | { readonly kind: 'too-deep' };

/** Manifests of the real world stay below ten. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** By Unicode's folding, as Go's decoder compares keys: the long s and the Kelvin sign are letters here. */
const LETTERS = /^[a-z]+$/iu;

/**
 * Looks for what JSON.parse and other readers understand differently.
 *
 * - Two equal keys in one object: JSON.parse keeps the last without a word, others keep the first.
 * - Letters spelled as escapes, which no encoder does. V8 can be made to misread them: once a document had the
 *   key `\\u006c`, the key `"\u006cayers"` is read as that one (nodejs/node issue 63785), and whoever wrote both
 *   documents has hidden `layers` from us. All keys that mean anything to us consist of letters.
 *
 * One pass over the text, no recursion, no exception. Whether the text is JSON at all is for JSON.parse to
 * say, afterwards: the depth is known to be harmless by then.
 */
export function findAmbiguity(text: string): JsonAmbiguity | undefined {
  // One entry per open bracket: the keys seen so far, or undefined for an array.
  const open: Array<Set<string> | undefined> = [];
  let expectsKey = false;
  let disguised: string | undefined;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE: {
        const end = endOfString(text, index);
        const keys = open.at(-1);
        if (expectsKey && keys !== undefined) {
          const quoted = text.slice(index, end + 1);
          const key = decodeString(quoted);
          if (quoted.includes('\\') && LETTERS.test(key)) disguised ??= key;
          if (keys.has(key)) return { kind: 'duplicate-key', key };
          keys.add(key);
        }
        index = end;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        if (open.length === MAX_DEPTH) return { kind: 'too-deep' };
        expectsKey = text.charCodeAt(index) === 0x7b;
        open.push(expectsKey ? new Set() : undefined);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        expectsKey = false;
        break;
      case COLON:
        expectsKey = false;
        break;
      case COMMA:
        expectsKey = open.at(-1) !== undefined;
        break;
    }
  }
  return disguised === undefined ? undefined : { kind: 'disguised-key', key: disguised };
}

/** The place of the closing quote, or the end of a text that lacks it. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== QUOTE) {
    index += text.charCodeAt(index) === BACKSLASH ? 2 : 1;
  }
  return index;
}

/** One key has many spellings: `"a"` and `"\u0061"` are equal. */
function decodeString(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted; // no JSON: JSON.parse will refuse the whole text for the same reason
  }
}
