// SPDX-License-Identifier: Apache-2.0

/** A request target taken apart. Nothing is decoded. */
export interface RequestTarget {
  readonly path: string;
  /** With its question mark, byte for byte; empty when there is none. */
  readonly query: string;
}

// A target is visible ASCII (RFC 9112 section 3.2): anything else could end up in a header of ours.
const VISIBLE = /^[\x21-\x7e]+$/;
const ABSOLUTE = /^https?:\/\/[^/?]*/i;

/**
 * Reads origin form and absolute form (RFC 9112 section 3.2); the authority of the latter is ignored,
 * because it names us. `undefined` for asterisk form, for a fragment and for bytes that have no place there.
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (!VISIBLE.test(target) || target.includes('#')) return undefined;
  const origin = target.startsWith('/') ? target : originForm(target);
  if (origin === undefined) return undefined;
  const mark = origin.indexOf('?');
  if (mark === -1) return { path: origin, query: '' };
  return { path: origin.slice(0, mark), query: origin.slice(mark) };
}

function originForm(target: string): string | undefined {
  const authority = ABSOLUTE.exec(target)?.[0];
  if (authority === undefined) return undefined;
  const rest = target.slice(authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
