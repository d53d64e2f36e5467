// SPDX-License-Identifier: Apache-2.0

/** Reads a header value from left to right, once: whatever was taken is never looked at again. */
export interface HeaderCursor {
  /** What a sticky pattern matches here, which is then behind the cursor; undefined when it does not match. */
  take(pattern: RegExp): string | undefined;
  isAtEnd(): boolean;
}

export function headerCursor(text: string): HeaderCursor {
  let position = 0;
  return {
    take(pattern) {
      pattern.lastIndex = position;
      const found = pattern.exec(text)?.[0];
      position += found?.length ?? 0;
      return found;
    },
    isAtEnd: () => position === text.length,
  };
}

// RFC 9110 sections 5.6.2 and 5.6.4. Each is linear: no character can be matched in two ways.
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"/y;
const SPACE = /[ \t]*/y;

export function takeToken(cursor: HeaderCursor): string | undefined {
  return cursor.take(TOKEN);
}

export function skipSpace(cursor: HeaderCursor): void {
  cursor.take(SPACE);
}

/** The value of a parameter, a token or a quoted string, without its quotes and escapes. */
export function takeValue(cursor: HeaderCursor): string | undefined {
  const quoted = cursor.take(QUOTED);
  if (quoted === undefined) return takeToken(cursor);
  return quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}
