// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readBounded } from './bounded-body.ts';
import type { FinalAnswer } from './exchange.ts';
import { type Hop, isRedirect, MOST_REDIRECTS, nextHop } from './redirect-policy.ts';
import { openTransport, type Transport } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

export type FeedAnswer =
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'fetched'; readonly etag: string | undefined; readonly text: string };

export interface FeedQuestion {
  /** Of the copy that is there: it is asked for whether it changed. */
  readonly etag: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FeedLimits {
  readonly maxBytes: number;
  /** Milliseconds for everything, redirects included. */
  readonly deadline: number;
}

/** The largest feed there is has 5 million bytes. */
const LIMITS: FeedLimits = { maxBytes: 64 * 1024 * 1024, deadline: 60_000 };
const CONNECTION = { connect: 10_000, headers: 30_000, idle: 30_000, connections: 1 };

/**
 * Fetches a published document, without credentials: from an `http` or `https` address, or from a file.
 *
 * @throws UpstreamError
 */
export async function fetchFeed(
  address: string,
  question: FeedQuestion,
  limits: FeedLimits = LIMITS,
): Promise<FeedAnswer> {
  const url = new URL(address);
  if (url.protocol === 'file:') return readFeed(url, limits);
  // Once in hours: a connection that is kept would be closed by then.
  const isConfigured = ({ origin }: URL) => origin === url.origin;
  const transport = openTransport({ limits: CONNECTION, isConfigured });
  const signals = question.signal === undefined ? [] : [question.signal];
  const signal = AbortSignal.any([AbortSignal.timeout(limits.deadline), ...signals]);
  try {
    const final = await follow(url, { ...question, signal }, transport);
    return await answerOf(final, question, limits);
  } finally {
    await transport.close();
  }
}

async function follow(
  start: URL,
  { etag, signal }: FeedQuestion,
  transport: Transport,
): Promise<FinalAnswer> {
  const headers = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'archeion',
    ...(etag !== undefined && { 'if-none-match': etag }),
  };
  let hop: Hop = { url: start, isHome: true };
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const { url } = hop;
    const answer = await transport.send({ url, method: 'GET', headers, signal });
    if (!isRedirect(answer.status)) return { answer, url };
    await answer.discard();
    hop = nextHop(hop, answer.header('location'));
  }
  const message = `${shownUrl(start)} redirects more than ${MOST_REDIRECTS} times`;
  throw new UpstreamError('bad-answer', message);
}

async function answerOf(
  { answer, url }: FinalAnswer,
  { etag }: FeedQuestion,
  { maxBytes }: FeedLimits,
): Promise<FeedAnswer> {
  if (answer.status === 304 && etag !== undefined) {
    await answer.discard();
    return { kind: 'not-modified' };
  }
  if (answer.status !== 200) {
    await answer.discard();
    const { status } = answer;
    throw new UpstreamError('status', `${shownUrl(url)} answered ${status}`, { status });
  }
  const text = textOf(await readBounded(answer, { url, maxBytes }), url);
  return { kind: 'fetched', etag: answer.header('etag'), text };
}

/** A file has no tag that would say more than reading it does. */
async function readFeed(url: URL, { maxBytes }: FeedLimits): Promise<FeedAnswer> {
  const path = fileURLToPath(url);
  try {
    const facts = await stat(path);
    // A device or a pipe may have no end.
    if (!facts.isFile()) throw new UpstreamError('bad-answer', `"${path}" is no file`);
    if (facts.size > maxBytes) {
      throw new UpstreamError('too-large', `"${path}" has more than ${maxBytes} bytes`);
    }
    return { kind: 'fetched', etag: undefined, text: textOf(await readFile(path), url) };
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError('unreachable', `"${path}" cannot be read`, { cause });
  }
}

function textOf(bytes: Uint8Array, url: URL): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  throw new UpstreamError('bad-answer', `${shownUrl(url)} is no text in UTF-8`);
}
