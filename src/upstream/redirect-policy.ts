// SPDX-License-Identifier: Apache-2.0
import { shownUrl, UpstreamError } from './upstream-error.ts';

export const MOST_REDIRECTS = 5;

/** Where a request stands on its way. */
export interface Hop {
  readonly url: URL;
  /** Still at the configured origin and never away from it: only there does a credential go. */
  readonly isHome: boolean;
}

const REDIRECTS = [301, 302, 303, 307, 308];

export function isRedirect(status: number): boolean {
  return REDIRECTS.includes(status);
}

/**
 * The next step after a redirect. Once a request has left its origin, it does not come home: whoever
 * sent it back may not choose what is asked there with credentials.
 */
export function nextHop(hop: Hop, location: string | undefined): Hop {
  const url = parseLocation(location, hop.url);
  if (url === undefined) {
    throw new UpstreamError('bad-answer', `${shownUrl(hop.url)} redirects to no usable address`);
  }
  if (hop.url.protocol === 'https:' && url.protocol !== 'https:') {
    throw new UpstreamError(
      'forbidden-host',
      `refused to follow ${shownUrl(hop.url)} from https to http, to "${url.host}"`,
    );
  }
  return { url, isHome: hop.isHome && url.origin === hop.url.origin };
}

/** Credentials in an address would be sent along by whoever follows it: such a redirect is none. */
function parseLocation(location: string | undefined, base: URL): URL | undefined {
  const url = location === undefined ? null : URL.parse(location, base);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}
