// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { HttpAnswer } from '../protocol/http.ts';
import { type FetchedList, type ListRequest, listAnswer } from './list-answer.ts';

/** What to ask of which upstream. */
export interface ListQuestion {
  /** Its name. */
  readonly upstream: string;
  /** Without the query: `/v2/acme/images/pause/tags/list`. */
  readonly path: string;
  readonly query: string;
  readonly list: ListRequest['list'];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface ListPorts {
  /** Undefined for 404; rejects for whatever else is no list, and for more than `maxBytes`. */
  readonly fetch: (question: ListQuestion) => Promise<FetchedList | undefined>;
  readonly now: () => number;
  /** Resolves after that many milliseconds; `cancel` when nobody waits any more. */
  readonly sleep: (milliseconds: number) => { readonly over: Promise<void>; cancel(): void };
}

export interface ListLimits {
  /** Lists asked for at once, of all upstreams together. */
  readonly maxConcurrent: number;
  /** Milliseconds a client waits for a list at most. */
  readonly deadline: number;
  /** Milliseconds an answer, or a doubt, is kept. */
  readonly cacheFor: number;
  /** Of one list. */
  readonly maxBytes: number;
  /** Of all lists that are kept. */
  readonly cacheBytes: number;
}

export const DEFAULT_LIST_LIMITS: ListLimits = {
  maxConcurrent: 16,
  deadline: 5_000,
  cacheFor: 10_000,
  maxBytes: 4_194_304,
  cacheBytes: 33_554_432,
};

/** A list under our own name. Undefined in any doubt: the client is then redirected to the upstream. */
export type FetchList = (request: ListRequest) => Promise<HttpAnswer | undefined>;

interface Kept {
  readonly answer: HttpAnswer | undefined;
  readonly until: number;
}

/**
 * Tags and referrers, fetched for the client: behind a plain redirect it would ask us for the path that
 * the upstream's `Link` names. However many clients want the same page, it is asked for once, and kept
 * for a moment. One client that goes away must not fail the others, so nobody's signal is passed on.
 */
export function upstreamLists(
  ports: ListPorts,
  limits: ListLimits = DEFAULT_LIST_LIMITS,
): FetchList {
  const kept = new LRUCache<string, Kept>({
    maxSize: limits.cacheBytes,
    sizeCalculation: ({ answer }, key) => sizeOf(key, answer),
  });
  const underWay = new Map<string, Promise<HttpAnswer | undefined>>();

  async function fetchList(request: ListRequest, key: string): Promise<HttpAnswer | undefined> {
    const answer = await fetchWithin(request, ports, limits);
    kept.set(key, { answer, until: ports.now() + limits.cacheFor });
    return answer;
  }

  return (request) => {
    const key = keyOf(request);
    const found = kept.get(key);
    if (found !== undefined && ports.now() < found.until) return Promise.resolve(found.answer);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    // Being busy says nothing about the list, so this doubt is not kept.
    if (underWay.size >= limits.maxConcurrent) return Promise.resolve(undefined);
    const answer = fetchList(request, key).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  };
}

/** Two upstream addresses can be the same for two names of ours: both belong to the key. */
function keyOf({ repository, upstream, path, query }: ListRequest): string {
  return `${repository} ${upstream.url}/${upstream.repositoryPrefix} ${path}${query}`;
}

/** Bytes, roughly: what an entry costs besides its text is counted so that a flood of doubts stays bounded. */
function sizeOf(key: string, answer: HttpAnswer | undefined): number {
  const overhead = 512;
  const body = answer?.body instanceof Uint8Array ? answer.body.byteLength : 0;
  return overhead + 2 * key.length + body;
}

/** Never rejects: whatever goes wrong is a doubt. */
async function fetchWithin(
  request: ListRequest,
  ports: ListPorts,
  { deadline, maxBytes }: ListLimits,
): Promise<HttpAnswer | undefined> {
  const timer = ports.sleep(deadline);
  const abort = new AbortController();
  const tooLate = timer.over.then(() => undefined);
  try {
    const question = questionOf(request, { maxBytes, signal: abort.signal });
    const fetched = await Promise.race([ports.fetch(question), tooLate]);
    return fetched === undefined ? undefined : listAnswer(request, fetched);
  } catch {
    return undefined; // the redirect that follows shows the client what the upstream has to say
  } finally {
    timer.cancel();
    abort.abort();
  }
}

function questionOf(
  { upstream, repository, path, query, list }: ListRequest,
  bounds: Pick<ListQuestion, 'maxBytes' | 'signal'>,
): ListQuestion {
  const { name, repositoryPrefix } = upstream;
  return {
    upstream: name,
    path: `/v2/${repositoryPrefix}${repository}/${path}`,
    query,
    list,
    ...bounds,
  };
}
