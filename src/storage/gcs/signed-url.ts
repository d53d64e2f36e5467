// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Whoever can sign links in the name of a service account. */
export interface Signer {
  /** The address of the account. */
  readonly email: string;
  /** With RSA and SHA-256. */
  sign(text: string): Promise<Uint8Array>;
}

export interface LinkRequest {
  readonly origin: string;
  /** Escaped. */
  readonly path: string;
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const ALGORITHM = 'GOOG4-RSA-SHA256';

/** A URL by which whoever has it may read one object, signed in the fourth version of Google's way. */
export async function signedUrl(request: LinkRequest, { email, sign }: Signer): Promise<string> {
  const { origin, path, seconds, now } = request;
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  // In the order of their names, as they are signed.
  const query = [
    ['X-Goog-Algorithm', ALGORITHM],
    ['X-Goog-Credential', `${email}/${scope}`],
    ['X-Goog-Date', time],
    ['X-Goog-Expires', String(seconds)],
    ['X-Goog-SignedHeaders', 'host'],
  ]
    .map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const { host } = new URL(origin);
  const asked = ['GET', path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const hash = createHash('sha256').update(asked).digest('hex');
  const signature = await sign([ALGORITHM, time, scope, hash].join('\n'));
  return `${origin}${path}?${query}&X-Goog-Signature=${Buffer.from(signature).toString('hex')}`;
}
