// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import type { ProxiedContent, ProxyDelivery } from '../core/routing/route-plan.ts';
import type { Log } from '../log.ts';
import type { Counter } from '../metrics.ts';
import type { HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { BodyWatch } from './lasting-body.ts';
import { fetchBlob } from './proxied-blob.ts';
import { fetchList, fetchManifest } from './proxied-manifest.ts';
import { BUSY, failureAnswer } from './proxy-failure.ts';
import type { ProxyFetch } from './proxy-fetch.ts';

export interface ProxyPorts {
  /** The client with the credentials of that upstream; for a backend one without any. */
  readonly clientOf: (holder: string) => Promise<UpstreamClient>;
  /** By the place it was fetched from, and what came of it. */
  readonly outcomes: Counter;
  /**
   * Calls until it is told to stop. A client that takes no piece for so long has its place taken away: one that
   * takes a byte now and then could hold every place for ever.
   */
  readonly everyMinute: (work: () => void) => () => void;
  readonly log: Log;
}

export interface ProxyLimits {
  /** Fetches under way at once, a blob until the client has the last of it. */
  readonly maxConcurrent: number;
}

export interface Proxied {
  readonly answer: HttpAnswer;
  /** Where it was fetched in the end. */
  readonly used: ProxyDelivery;
}

/** @throws RegistryError when it is nowhere */
export type FetchProxied = (wanted: ProxyDelivery, request: HttpRequest) => Promise<Proxied>;

export interface Proxying {
  readonly fetch: FetchProxied;
  readonly underWay: () => number;
  /** Resolves when nothing is under way any more: only then may connections be closed. */
  readonly idle: () => Promise<void>;
}

/** Fetches content for clients, from the next place while one lacks it or fails before its first byte. */
export function proxying(ports: ProxyPorts, { maxConcurrent }: ProxyLimits): Proxying {
  let running = 0;
  let waiting: Array<() => void> = [];
  const takeSlot = () => {
    running += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      running -= 1;
      if (running > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    };
  };
  return {
    underWay: () => running,
    idle: () => (running === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
    async fetch(wanted, request) {
      let last: UpstreamError | undefined;
      for (let at: ProxyDelivery | undefined = wanted; at !== undefined; at = at.otherwise) {
        if (running >= maxConcurrent) {
          ports.outcomes.cell(at.by, 'busy').value += 1;
          return { answer: BUSY, used: at };
        }
        const result = await attempt(at, request, { ...ports, giveBack: takeSlot() });
        if (result.kind === 'answer') return { answer: result.answer, used: at };
        last = result.kind === 'failed' ? result.error : undefined;
      }
      if (last === undefined) throw unknown(wanted.content);
      return { answer: failureAnswer(last), used: wanted };
    },
  };
}

type Attempt =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: UpstreamError };

async function attempt(
  { by, from, content }: ProxyDelivery,
  request: HttpRequest,
  {
    clientOf,
    outcomes,
    log,
    everyMinute,
    giveBack,
  }: ProxyPorts & { readonly giveBack: () => void },
): Promise<Attempt> {
  const { signal, watch, begin } = watching(request, { everyMinute, giveBack });
  try {
    const path = new URL(from).pathname;
    const fetch = { client: await clientOf(by), path, request, signal, watch };
    const answer = await fetchContent(content, fetch);
    if (answer === undefined || !isStreamed(answer)) watch.over();
    else begin();
    outcomes.cell(by, answer === undefined ? 'absent' : 'served').value += 1;
    return answer === undefined ? { kind: 'absent' } : { kind: 'answer', answer };
  } catch (error) {
    watch.over();
    // A client that went away is nobody's failure.
    if (!(error instanceof UpstreamError) || request.signal.aborted) throw error;
    outcomes.cell(by, error.code).value += 1;
    log.warn('proxy-failed', { by, code: error.code, status: error.status, kind: content.kind });
    return { kind: 'failed', error };
  }
}

interface Watching {
  readonly signal: AbortSignal;
  readonly watch: BodyWatch;
  /** From now on somebody has to take what is sent. */
  readonly begin: () => void;
}

function watching(
  request: HttpRequest,
  { everyMinute, giveBack }: Pick<ProxyPorts, 'everyMinute'> & { readonly giveBack: () => void },
): Watching {
  const ended = new AbortController();
  let isMoving = true;
  let stop = () => {};
  const over = () => {
    stop();
    giveBack();
    ended.abort();
  };
  const passed = () => {
    isMoving = true;
  };
  const begin = () => {
    stop = everyMinute(() => {
      if (!isMoving) over();
      isMoving = false;
    });
  };
  return {
    signal: AbortSignal.any([request.signal, ended.signal]),
    watch: { over, passed },
    begin,
  };
}

function fetchContent(content: ProxiedContent, fetch: ProxyFetch): Promise<HttpAnswer | undefined> {
  switch (content.kind) {
    case 'blob':
      return fetchBlob(content.digest, fetch);
    case 'manifest':
      return fetchManifest(content.reference, fetch);
    case 'list':
      return fetchList(fetch);
  }
}

function isStreamed({ body }: HttpAnswer): boolean {
  return typeof body === 'object' && Symbol.asyncIterator in body;
}

function unknown({ kind }: ProxiedContent): RegistryError {
  switch (kind) {
    case 'blob':
      return new RegistryError('BLOB_UNKNOWN', 'no such blob in this repository');
    case 'manifest':
      return new RegistryError('MANIFEST_UNKNOWN', 'no such manifest in this repository');
    case 'list':
      return new RegistryError('NAME_UNKNOWN', 'no such repository');
  }
}
