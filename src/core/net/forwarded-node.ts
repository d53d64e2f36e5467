// SPDX-License-Identifier: Apache-2.0
import { type Address, parseAddress } from './address.ts';

// RFC 7239 section 6: a port in digits, or one that is hidden behind a made-up name.
const PORT = /^:(?:\d{1,5}|_[\w.-]+)$/;

/** Reads an address as proxies write it: bare, `192.0.2.1:443`, `[2001:db8::1]` or `[2001:db8::1]:443`. */
export function parseNode(text: string): Address | undefined {
  if (text.startsWith('[')) return bracketed(text);
  return parseAddress(text) ?? withPort(text);
}

function bracketed(text: string): Address | undefined {
  const end = text.indexOf(']');
  const rest = text.slice(end + 1);
  if (end === -1 || (rest !== '' && !PORT.test(rest))) return undefined;
  const inside = text.slice(1, end);
  // Brackets are for IPv6, so that its colons are not taken for a port's.
  return inside.includes(':') ? parseAddress(inside) : undefined;
}

function withPort(text: string): Address | undefined {
  const colon = text.indexOf(':');
  return colon !== -1 && PORT.test(text.slice(colon))
    ? parseAddress(text.slice(0, colon))
    : undefined;
}

// One `name=value` of RFC 7239 section 4, or none before a semicolon. Each character fits one part only: linear.
// Bare values may hold colons and brackets, which the grammar forbids and proxies write.
const PAIR = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^"\s;,]*)[ \t]*)?(?:;|$)/y;

/**
 * Reads the client of one element of `Forwarded`: `for="[2001:db8::1]:443";proto=https`. Undefined for
 * `unknown`, for a made-up name, and when there is no `for` or more than one.
 */
export function parseForwardedElement(element: string): Address | undefined {
  const nodes: string[] = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < element.length) {
    const match = PAIR.exec(element);
    if (match === null) return undefined;
    const [, name = '', value = ''] = match;
    if (name.toLowerCase() === 'for') nodes.push(unquoted(value));
  }
  const [node] = nodes;
  return node === undefined || nodes.length > 1 ? undefined : parseNode(node);
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
