// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { type Log, silentLog } from '../log.ts';
import type { FinalAnswer } from './exchange.ts';
import { isForeignUrl, parseForeignUrl } from './foreign-url.ts';
import { gatedTransport } from './gated-transport.ts';
import type { HostCaps } from './host-limiter.ts';
import { isRedirect, MOST_REDIRECTS, nextHop } from './redirect-policy.ts';
import { withRetries } from './retry.ts';
import { openTransport, type Transport } from './transport.ts';
import { unexpectedStatus } from './unexpected-status.ts';
import { DEFAULT_LIMITS, type UpstreamLimits } from './upstream-client.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

/** Hosts that layers may be fetched from when a manifest says so. They are never told who asks. */
export interface ForeignHosts {
  /** Those that may be asked, in their order. */
  allowed(urls: readonly string[]): readonly string[];
  /** Not verified. Undefined when it is not there. @throws UpstreamError also for what is not allowed */
  fetchBlob(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  close(): Promise<void>;
}

export interface ForeignOptions {
  /** `host` or `host:port`. */
  readonly hosts: readonly string[];
  /** Those of them whose addresses may be private. */
  readonly privateHosts: readonly string[];
  /** Requests to one host at once, at most. */
  readonly perHost: number;
  readonly hostCaps?: HostCaps | undefined;
  readonly limits?: Partial<UpstreamLimits>;
  readonly log?: Log;
}

/** More than anybody needs: whoever writes a manifest is not to have a host asked thousands of times for one layer. */
const MOST_URLS = 8;

export function openForeignHosts(options: ForeignOptions): ForeignHosts {
  const { hosts, privateHosts, perHost, hostCaps, log = silentLog } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const isConfigured = ({ host }: URL) => privateHosts.includes(host);
  const open = openTransport({ limits, isConfigured });
  const transport = gatedTransport(open, { most: perHost, ...hostCaps }, limits);
  const onRetry = ({ code, status }: UpstreamError, wait: number) =>
    log.warn('foreign-retry', { code, status, wait: Math.round(wait) });
  return {
    allowed: (urls) =>
      urls.filter((text) => parseForeignUrl(text, hosts) !== undefined).slice(0, MOST_URLS),
    async fetchBlob(text, signal) {
      const url = parseForeignUrl(text, hosts);
      if (url === undefined) throw new UpstreamError('forbidden-host', 'no URL that may be asked');
      const attempt = () => fetchOnce(url, { hosts, transport, signal });
      return withRetries(attempt, limits, { sleep, random: Math.random, onRetry, signal });
    },
    close: () => transport.close(),
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<unknown> {
  return delay(milliseconds, undefined, { signal });
}

interface ForeignPorts {
  readonly hosts: readonly string[];
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

async function fetchOnce(
  start: URL,
  ports: ForeignPorts,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { answer, url } = await follow(start, ports);
  if (answer.status === 200) return answer.body;
  await answer.discard();
  if (answer.status === 404 || answer.status === 410) return undefined;
  throw unexpectedStatus(answer, url, Date.now());
}

/** Nothing that could tell who asks: no credential, no cookie. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'archeion' };

async function follow(
  start: URL,
  { hosts, transport, signal }: ForeignPorts,
): Promise<FinalAnswer> {
  let url = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const answer = await transport.send({ url, method: 'GET', headers: HEADERS, signal });
    if (!isRedirect(answer.status)) return { answer, url };
    await answer.discard();
    const next = nextHop({ url, isHome: false }, answer.header('location')).url;
    if (!isForeignUrl(next, hosts)) throw notListed(url, next);
    url = next;
  }
  const message = `${shownUrl(start)} redirects more than ${MOST_REDIRECTS} times`;
  throw new UpstreamError('bad-answer', message);
}

function notListed(from: URL, to: URL): UpstreamError {
  return new UpstreamError(
    'forbidden-host',
    `refused to follow ${shownUrl(from)} to "${to.origin}": only https to hosts that "foreignLayers" lists is followed`,
  );
}
