// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { parseRegistryRoute } from '../core/oci/registry-route.ts';
import { silentLog } from '../log.ts';
import { openAuthorization } from './authorization.ts';
import { readBounded } from './bounded-body.ts';
import { type ExchangePorts, exchange, type FinalAnswer } from './exchange.ts';
import { gatedTransport } from './gated-transport.ts';
import { withRetries } from './retry.ts';
import { openTransport, type WireAnswer, type WireRequest } from './transport.ts';
import { unexpectedStatus } from './unexpected-status.ts';
import {
  DEFAULT_LIMITS,
  type StreamOptions,
  type UpstreamClient,
  type UpstreamLimits,
  type UpstreamOptions,
  type UpstreamPorts,
} from './upstream-client.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

/** 4 MiB: what the specification has registries accept at least, and so the largest that can be pushed anywhere. */
const MANIFEST_BYTES = 4_194_304;

export function openUpstream(options: UpstreamOptions): UpstreamClient {
  const home = new URL(options.origin);
  const { origin } = home;
  const { actions = 'pull' } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = options.log ?? silentLog;
  const ports = portsOf(options, home, limits);
  const authorization = openAuthorization(
    { home, tokenHosts: options.tokenHosts ?? [] },
    { ...ports, credentials: options.credentials ?? (async () => undefined), log },
  );

  async function read<T>(request: Read, finish: (answer: FinalAnswer) => Promise<T> | T) {
    const attempt = () =>
      attemptRead(request, finish, { home, actions, ports: { ...ports, authorization } });
    const onRetry = ({ code, status }: UpstreamError, wait: number) =>
      log.warn('upstream-retry', { upstream: origin, code, status, wait: Math.round(wait) });
    return withRetries(attempt, limits, { ...ports, onRetry, signal: request.signal });
  }

  return {
    origin,
    get: (path, { maxBytes = MANIFEST_BYTES, ...given } = {}) =>
      read({ ...given, path, method: 'GET', within: limits.whole }, async ({ answer, url }) => {
        const { header } = answer;
        await requirePlain(answer, url);
        return { header, bytes: await readBounded(answer, { url, maxBytes }) };
      }),
    stream: (path, given = {}) =>
      read({ ...given, path, method: 'GET' }, ({ answer: { status, header, body } }) => ({
        status: status === 206 ? status : 200,
        header,
        body,
      })),
    head: (path, given = {}) =>
      read({ ...given, path, method: 'HEAD', within: limits.whole }, async ({ answer }) => {
        await answer.discard();
        return { header: answer.header };
      }),
    close: () => ports.transport.close(),
  };
}

function portsOf(options: UpstreamOptions, home: URL, limits: UpstreamLimits) {
  const { tokenHosts = [], allowPrivateHosts = [], perHost, hostCaps, ports = {} } = options;
  const isConfigured = (url: URL) =>
    url.origin === home.origin || [...tokenHosts, ...allowPrivateHosts].includes(url.host);
  const { lookup } = ports;
  const transport = openTransport({ limits, isConfigured, ...(lookup && { lookup }) });
  return {
    transport:
      perHost === undefined
        ? transport
        : gatedTransport(transport, { most: perHost, ...hostCaps }, limits),
    now: Date.now,
    random: Math.random,
    sleep,
    ...ports,
  };
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (cause) {
    throw new UpstreamError('aborted', 'gave up between two attempts', { cause });
  }
}

interface Read extends StreamOptions {
  readonly path: string;
  readonly method: WireRequest['method'];
  /** Milliseconds for one attempt as a whole. */
  readonly within?: number;
}

interface ReadPorts {
  readonly home: URL;
  readonly actions: string;
  readonly ports: ExchangePorts & Pick<UpstreamPorts, 'now'>;
}

async function attemptRead<T>(
  request: Read,
  finish: (answer: FinalAnswer) => Promise<T> | T,
  { home, actions, ports }: ReadPorts,
): Promise<T | undefined> {
  const final = await exchange(
    { ...wireRequest(request, home), scope: scopeOf(request.path, actions) },
    ports,
  );
  const { answer, url } = final;
  const isPart = answer.status === 206 && request.range !== undefined;
  if (answer.status === 200 || isPart) return finish(final);
  await answer.discard();
  if (answer.status === 404) return undefined;
  throw unexpectedStatus(answer, url, ports.now());
}

function wireRequest(
  { path, query = '', method, accept = '*/*', range, signal, within }: Read,
  home: URL,
) {
  const url = URL.parse(`${home.origin}${path}${query}`);
  // What a URL parser rewrites or reads as something else (`..`, `?`, another host) is no path of the API.
  if (url === null || url.origin !== home.origin || url.pathname !== path) {
    throw new UpstreamError('invalid-reference', `"${path}" is no path of the distribution API`);
  }
  const deadlines = within === undefined ? [] : [AbortSignal.timeout(within)];
  return {
    url,
    method,
    // A digest is one of bytes: an encoding on the way would only have to be undone before it is checked.
    headers: {
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'archeion',
      ...(range !== undefined && { range }),
    },
    signal: AbortSignal.any([...deadlines, ...(signal === undefined ? [] : [signal])]),
  };
}

function scopeOf(path: string, actions: string): string | undefined {
  const route = parseRegistryRoute(path);
  // https://distribution.github.io/distribution/spec/auth/scope/
  if (route.kind === 'catalog') return 'registry:catalog:*';
  return 'repository' in route ? `repository:${route.repository}:${actions}` : undefined;
}

/** A body that nobody reads is discarded, or it would keep its connection and its place at the host. */
async function requirePlain({ header, discard }: WireAnswer, url: URL): Promise<void> {
  const encoding = header('content-encoding');
  if (encoding === undefined || encoding === 'identity') return;
  await discard();
  throw new UpstreamError(
    'bad-answer',
    `${shownUrl(url)} answered with an encoding nobody asked for`,
  );
}
