// SPDX-License-Identifier: Apache-2.0

/** A stretch of text, `end` behind its last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the strings stand that a member at the top of an object has as its value: more than one when the
 * member is repeated. The text has to be JSON already; one pass, and no recursion that depth could exhaust.
 */
export function stringsAt(text: string, member: string): readonly Span[] {
  const spans: Span[] = [];
  let depth = 0;
  let key: string | undefined;
  let isValue = false;
  for (let index = 0; index < text.length; index += 1) {
    const mark = text[index];
    if (mark === '"') {
      const span = { start: index, end: endOfString(text, index) };
      if (depth === 1 && !isValue) key = unquoted(text, span);
      if (depth === 1 && isValue && key === member) spans.push(span);
      index = span.end - 1;
    } else if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') depth -= 1;
    else if (mark === ':') isValue = true;
    else if (mark === ',') isValue = false;
  }
  return spans;
}

/** Not a pattern: one with an escape in a repeated group runs out of stack on a long string. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

/** After an odd number of backslashes. Runs before two quotes never overlap, so this stays linear. */
function isEscaped(text: string, quote: number): boolean {
  let before = quote;
  while (text[before - 1] === '\\') before -= 1;
  return (quote - before) % 2 === 1;
}

function unquoted(text: string, { start, end }: Span): string {
  const written = text.slice(start, end);
  // Only a key with an escape has to be parsed, and a string's text is JSON of a string.
  return written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1);
}
