// SPDX-License-Identifier: Apache-2.0
import {
  type IndexPointer,
  MAX_POINTER_BYTES,
  parseIndexPointer,
} from '../core/digest-index/index-pointer.ts';
import { readBounded } from './bounded-body.ts';
import { openTransport, type Transport, type WireAnswer } from './transport.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

/** What was found at the URL of a pointer. */
export type FoundPointer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'pointer'; readonly pointer: IndexPointer; readonly etag: string | undefined };

/** Reads indexes from where backends publish them. Follows no redirect, sends no credential. */
export interface IndexFetcher {
  /** @throws UpstreamError when there is no answer, or none that is a pointer */
  fetchPointer(url: string, etag?: string): Promise<FoundPointer>;
  /** Undefined when it is not there (yet). @throws UpstreamError also for more or fewer bytes than the pointer says */
  fetchFile(pointerUrl: string, pointer: IndexPointer): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Milliseconds, from the request to the last byte. */
const POINTER_DEADLINE = 10_000;
/** The same for a file, besides a millisecond for each of so many bytes: 1 MB/s is slow, for a store. */
const FILE_DEADLINE = { base: 30_000, bytes: 1_000 };

const LIMITS = { connect: 5_000, headers: 10_000, idle: 30_000, connections: 2 };

/** Where an index lies is configured: it may be a private address. */
export function openIndexFetcher(
  transport: Transport = openTransport({ limits: LIMITS, isConfigured: () => true }),
): IndexFetcher {
  const get = (url: URL, within: number, headers: Readonly<Record<string, string>> = {}) =>
    transport.send({
      url,
      method: 'GET',
      headers: { 'accept-encoding': 'identity', 'user-agent': 'archeion', ...headers },
      signal: AbortSignal.timeout(within),
    });
  return {
    async fetchPointer(text, etag) {
      const url = new URL(text);
      const condition = etag === undefined ? {} : { 'if-none-match': etag };
      const answer = await get(url, POINTER_DEADLINE, condition);
      if (answer.status === 304 || answer.status === 404) {
        await answer.discard();
        return { kind: answer.status === 304 ? 'unchanged' : 'absent' };
      }
      const bytes = await wholeBody(answer, url, MAX_POINTER_BYTES);
      const pointer = parseIndexPointer(new TextDecoder().decode(bytes));
      if (pointer === undefined) throw badAnswer(url, 'is no pointer to a digest index');
      return { kind: 'pointer', pointer, etag: answer.header('etag') };
    },
    async fetchFile(pointerUrl, { file, size }) {
      const url = besideUrl(pointerUrl, file);
      const answer = await get(url, Math.round(FILE_DEADLINE.base + size / FILE_DEADLINE.bytes));
      if (answer.status === 404) {
        await answer.discard();
        return undefined;
      }
      const bytes = await wholeBody(answer, url, size);
      if (bytes.length === size) return bytes;
      throw badAnswer(url, `has ${bytes.length} bytes, and its pointer says ${size}`);
    },
    close: () => transport.close(),
  };
}

/** One object, for commands. @throws UpstreamError also when it is not there */
export async function fetchBounded(text: string, maxBytes: number): Promise<Uint8Array> {
  const transport = openTransport({ limits: LIMITS, isConfigured: () => true });
  const url = new URL(text);
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'archeion' };
  try {
    return await wholeBody(await transport.send({ url, method: 'GET', headers }), url, maxBytes);
  } finally {
    await transport.close();
  }
}

/** A name in the folder of the pointer: what `parseIndexPointer` lets through cannot lead out of it. */
export function besideUrl(pointerUrl: string, file: string): URL {
  return new URL(file, pointerUrl);
}

async function wholeBody(answer: WireAnswer, url: URL, maxBytes: number): Promise<Uint8Array> {
  const encoding = answer.header('content-encoding') ?? 'identity';
  if (answer.status === 200 && encoding === 'identity') {
    return readBounded(answer, { url, maxBytes });
  }
  await answer.discard();
  const what = answer.status === 200 ? `is encoded as ${encoding}` : `answered ${answer.status}`;
  throw badAnswer(url, what);
}

function badAnswer(url: URL, what: string): UpstreamError {
  return new UpstreamError('bad-answer', `${shownUrl(url)} ${what}`);
}
