// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../oci/json-object.ts';
import { printable } from './printable.ts';

/**
 * What the first bytes of an answer are. Of their words only codes and a title are kept: the rest may
 * quote the request, credentials and all.
 */
export type BodyKind =
  | { readonly kind: 'empty' }
  /** A page for people: of a balancer, a CDN, a captive portal. */
  | { readonly kind: 'html'; readonly title?: string }
  /** As object stores refuse: `<Error><Code>AccessDenied</Code>`. */
  | { readonly kind: 'xml'; readonly code?: string }
  /** The specification's error document. */
  | { readonly kind: 'oci-error'; readonly codes: readonly string[] }
  | { readonly kind: 'json' }
  | { readonly kind: 'other' };

const LONGEST_TITLE = 80;
const HTML = /<(?:!doctype\s+html|html|head|body|title|center|h1)\b/i;
const TITLE = /<title[^>]*>([^<]{1,400})/i;
const XML_CODE = /<Code>([A-Za-z0-9]{1,64})<\/Code>/;
const ERROR_CODE = /^[A-Z0-9_]{1,64}$/;

/** @param text the first few kilobytes, decoded however loosely */
export function bodyKindOf(text: string): BodyKind {
  const start = text.replace(/^\ufeff/, '').trimStart();
  if (start === '') return { kind: 'empty' };
  if (start.startsWith('<')) return markupKind(start);
  return start.startsWith('{') ? documentKind(start) : { kind: 'other' };
}

function markupKind(text: string): BodyKind {
  const code = XML_CODE.exec(text)?.[1];
  if (code !== undefined) return { kind: 'xml', code };
  if (!HTML.test(text)) return { kind: 'xml' };
  const title = printable(TITLE.exec(text)?.[1]?.trim() ?? '', LONGEST_TITLE);
  return title === '' ? { kind: 'html' } : { kind: 'html', title };
}

function documentKind(text: string): BodyKind {
  const document = parseJson(text);
  const errors = isObject(document) ? document['errors'] : undefined;
  if (!Array.isArray(errors)) return { kind: 'json' };
  const codes = errors
    .map((entry) => (isObject(entry) ? entry['code'] : undefined))
    .filter((code) => typeof code === 'string' && ERROR_CODE.test(code));
  return { kind: 'oci-error', codes: codes.map(String) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off, or never JSON
  }
}
