// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { silentLog } from '../log.ts';
import { openAuthorization } from './authorization.ts';
import { exchangeHome } from './exchange.ts';
import { openTransport } from './transport.ts';
import { DEFAULT_LIMITS, type UpstreamOptions } from './upstream-client.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface PushRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** A path of the distribution API with its query, or what `Location` said. */
  readonly url: URL;
  /** Of the token that it may need; several with spaces between them. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | PushBody;
  readonly signal: AbortSignal;
}

/** A body that can be read once. */
export interface PushBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly size: number;
}

export interface PushAnswer {
  readonly status: number;
  header(name: string): string | undefined;
}

/**
 * Writes to one registry. Nothing is followed anywhere else: a redirect is an answer like others, and an address of
 * another origin is refused before anything is sent.
 */
export interface PushClient {
  readonly origin: string;
  send(request: PushRequest): Promise<PushAnswer>;
  close(): Promise<void>;
}

/** Milliseconds: some stores copy what they were given when it is complete. */
const COMMITTING = 300_000;

export function openPush(options: UpstreamOptions): PushClient {
  const home = new URL(options.origin);
  const limits = { ...DEFAULT_LIMITS, headers: COMMITTING, ...options.limits };
  const { tokenHosts = [], ports = {}, log = silentLog } = options;
  const isConfigured = (url: URL) => url.origin === home.origin || tokenHosts.includes(url.host);
  const transport = ports.transport ?? openTransport({ limits, isConfigured });
  const authorization = openAuthorization(
    { home, tokenHosts },
    {
      transport,
      log,
      now: ports.now ?? Date.now,
      credentials: options.credentials ?? (async () => undefined),
    },
  );
  return {
    origin: home.origin,
    async send(request) {
      requireHome(request.url, home);
      const { patience, body, length } = bodyOf(request, limits.idle);
      const answer = await exchangeHome(
        {
          ...request,
          body,
          headers: { ...request.headers, 'user-agent': 'archeion', 'content-length': `${length}` },
          signal: AbortSignal.any([request.signal, patience]),
        },
        { transport, authorization },
      );
      await answer.discard();
      return answer;
    },
    close: () => transport.close(),
  };
}

/** A session somewhere else would get what we push, and perhaps the credentials for it. */
function requireHome(url: URL, home: URL): void {
  if (url.origin === home.origin && url.username === '' && url.password === '') return;
  const message = `refused to push to ${shownUrl(url)}: it is not at "${home.origin}", which leads there`;
  throw new UpstreamError('forbidden-host', message);
}

/** A server that takes nothing for so long is given up; the time in which we have nothing to give does not count. */
function bodyOf({ body }: PushRequest, idle: number) {
  const controller = new AbortController();
  const patience = controller.signal;
  if (body === undefined || body instanceof Uint8Array) {
    return { patience, body, length: body?.byteLength ?? 0 };
  }
  const pieces = watched(body.bytes, idle, () =>
    controller.abort(new DOMException('nothing was taken', 'TimeoutError')),
  );
  return { patience, body: Readable.from(pieces, { objectMode: false }), length: body.size };
}

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  idle: number,
  giveUp: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    const timer = setTimeout(giveUp, idle);
    try {
      yield piece;
    } finally {
      clearTimeout(timer);
    }
  }
}
