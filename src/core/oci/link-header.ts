// SPDX-License-Identifier: Apache-2.0
import { headerCursor, skipSpace, takeToken, takeValue } from './header-cursor.ts';

/** One element of a `Link` header, its parameters as they came. */
export interface Link {
  /** A URI reference, not resolved, in visible ASCII. */
  readonly target: string;
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly value: string }>;
}

const TARGET = /<[!-;=?-~]*>/y;
const SEMICOLON = /[ \t]*;[ \t]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const COMMA = /[ \t]*,[ \t,]*/y;

/**
 * Reads `Link`, all of its lines joined with commas; undefined when any of it is malformed.
 * https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function parseLinks(header: string): readonly Link[] | undefined {
  const cursor = headerCursor(header);
  const links: Link[] = [];
  skipSpace(cursor);
  while (!cursor.isAtEnd()) {
    const target = cursor.take(TARGET)?.slice(1, -1);
    if (target === undefined) return undefined;
    const parameters: Array<{ name: string; value: string }> = [];
    while (cursor.take(SEMICOLON) !== undefined) {
      const name = takeToken(cursor);
      if (name === undefined) return undefined;
      const value = cursor.take(EQUALS) === undefined ? '' : takeValue(cursor);
      if (value === undefined) return undefined;
      parameters.push({ name: name.toLowerCase(), value });
    }
    links.push({ target, parameters });
    skipSpace(cursor);
    if (!cursor.isAtEnd() && cursor.take(COMMA) === undefined) return undefined;
  }
  return links;
}

/** Where the next page is, as the specification's lists say it. */
export function nextTarget(links: readonly Link[]): string | undefined {
  return links.find(isNext)?.target;
}

function isNext({ parameters }: Link): boolean {
  const relation = parameters.find(({ name }) => name === 'rel')?.value ?? '';
  return relation.toLowerCase().split(' ').includes('next');
}

/** Targets and parameters are what {@link parseLinks} lets through: visible ASCII, spaces between quotes. */
export function formatLinks(links: readonly Link[]): string {
  return links.map(formatLink).join(', ');
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
export function formatNextLink(target: string): string {
  return formatLink({ target, parameters: [{ name: 'rel', value: 'next' }] });
}

function formatLink({ target, parameters }: Link): string {
  const written = parameters.map(
    ({ name, value }) => `; ${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`,
  );
  return `<${target}>${written.join('')}`;
}
