// SPDX-License-Identifier: Apache-2.0
import { type HeaderCursor, headerCursor, takeToken, takeValue } from './header-cursor.ts';

/** One way in that a server offers. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case; empty for a scheme that came alone or with a token68. */
  readonly parameters: ReadonlyMap<string, string>;
}

interface OpenChallenge extends Challenge {
  readonly parameters: Map<string, string>;
}

const NOTHING_YET = /[ \t,]*/y;
const SEPARATOR = /[ \t]*(?:,[ \t,]*|$)/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const SPACES = / +/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads `WWW-Authenticate`, all of its lines joined with commas. A comma separates challenges and
 * parameters alike, so a word is a parameter when an equals sign follows it, else the next scheme.
 *
 * Undefined when any of it is malformed, or a challenge names a parameter twice: which of two realms
 * was meant is not ours to guess.
 * https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  const cursor = headerCursor(header);
  const challenges: OpenChallenge[] = [];
  cursor.take(NOTHING_YET);
  while (!cursor.isAtEnd()) {
    if (!takeElement(cursor, challenges)) return undefined;
    if (cursor.take(SEPARATOR) === undefined) return undefined;
  }
  return challenges;
}

/** A parameter of the last challenge, or a new challenge up to and with its first parameter. */
function takeElement(cursor: HeaderCursor, challenges: OpenChallenge[]): boolean {
  const word = takeToken(cursor);
  if (word === undefined) return false;
  const last = challenges.at(-1);
  if (cursor.take(EQUALS) !== undefined) return takeParameter(cursor, word, last);
  const opened = { scheme: word.toLowerCase(), parameters: new Map<string, string>() };
  challenges.push(opened);
  if (cursor.take(SPACES) === undefined || cursor.take(TOKEN68) !== undefined) return true;
  const name = takeToken(cursor);
  if (name === undefined) return true; // what stands here instead is the caller's to judge
  return cursor.take(EQUALS) !== undefined && takeParameter(cursor, name, opened);
}

function takeParameter(
  cursor: HeaderCursor,
  name: string,
  challenge: OpenChallenge | undefined,
): boolean {
  const value = takeValue(cursor);
  const key = name.toLowerCase();
  if (value === undefined || challenge === undefined || challenge.parameters.has(key)) return false;
  challenge.parameters.set(key, value);
  return true;
}
