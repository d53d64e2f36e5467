// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** As it is sent, with its query. */
  readonly path: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
}

/** In the order in which they are signed, behind the method. */
const SIGNED = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/** The text that proves, signed with the key of the account, who sends a request (Shared Key of 2015 and later). */
export function textToSign(account: string, request: SignedRequest): string {
  const { method, path, headers, length } = request;
  const all: Readonly<Record<string, string>> = {
    ...headers,
    ...(length > 0 && { 'content-length': String(length) }),
  };
  const own = Object.keys(headers).filter((name) => name.startsWith('x-ms-'));
  return [
    method,
    ...SIGNED.map((name) => all[name] ?? ''),
    ...own.sort().map((name) => `${name}:${headers[name]}`),
    resourceOf(account, path),
  ].join('\n');
}

function resourceOf(account: string, path: string): string {
  const [place = '', query = ''] = path.split('?');
  const parameters = [...new URLSearchParams(query)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const lines = parameters.map(([name, value]) => `${name.toLowerCase()}:${value}`);
  return [`/${account}${place}`, ...lines].join('\n');
}

/** @param key in base64, as Azure gives it */
export function signed(key: string, text: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
}
