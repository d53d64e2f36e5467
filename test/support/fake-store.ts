// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage } from 'node:http';
import { bytesIn, byUtf8 } from './storage-reading.ts';

export interface FakeObject {
  readonly bytes: Buffer;
  readonly version: string;
  readonly at: Date;
  readonly nonce: string;
}

export interface FakeRequest {
  readonly method: string;
  /** Not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FakeReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What becomes of a request that a test spoils: not done at all, or done and never answered. */
export type Fault = { readonly status: number } | 'lost';

export interface FakeStore {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** Spoils the next requests for which a test says so, each once. */
  spoil(fault: Fault, isIt: (request: FakeRequest) => boolean): void;
  stop(): Promise<void>;
}

/** A store on loopback that does in memory what `answer` says. */
export async function startFakeStore(
  answer: (request: FakeRequest) => FakeReply,
): Promise<FakeStore> {
  const requests: FakeRequest[] = [];
  const faults: { readonly fault: Fault; readonly isIt: (request: FakeRequest) => boolean }[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await received(incoming);
    requests.push(request);
    const place = faults.findIndex(({ isIt }) => isIt(request));
    const [spoilt] = place === -1 ? [] : faults.splice(place, 1);
    const fault = spoilt?.fault;
    const reply = typeof fault === 'object' ? fault : answer(request);
    if (fault === 'lost') return incoming.socket.destroy();
    const { status, headers = {}, body = '' } = { headers: {}, body: '', ...reply };
    const length = String(Buffer.byteLength(body));
    response.writeHead(status, { 'content-length': length, ...headers });
    return response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spoil: (fault, isIt) => void faults.push({ fault, isIt }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function received(incoming: IncomingMessage): Promise<FakeRequest> {
  const { method = '', url = '', headers } = incoming;
  const [path = '', query = ''] = url.split('?');
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: await bytesIn(incoming),
  };
}

/** The bytes that a Range header asks for: the whole without one, undefined past the end. */
export function ranged(
  bytes: Buffer,
  range: string | undefined,
): { readonly part: Buffer; readonly headers: Readonly<Record<string, string>> } | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first === undefined) return { part: bytes, headers: {} };
  if (Number(first) >= bytes.byteLength) return undefined;
  const part = bytes.subarray(Number(first), Number(last) + 1);
  const end = Number(first) + part.byteLength - 1;
  return { part, headers: { 'content-range': `bytes ${first}-${end}/${bytes.byteLength}` } };
}

export interface FakePage {
  readonly names: readonly string[];
  readonly cut: readonly string[];
  /** The first name of the next page. */
  readonly next: string | undefined;
}

export interface FakeListing {
  readonly prefix: string;
  readonly delimiter: string;
  /** Names from here on. */
  readonly start: string;
  readonly limit: number;
}

/** A page of a list, as clouds make it: names and cut names together are as many as are asked for. */
export function fakePage(
  all: Iterable<string>,
  { prefix, delimiter, start, limit }: FakeListing,
): FakePage {
  const names: string[] = [];
  const cut = new Set<string>();
  const wanted = [...all].filter((name) => name.startsWith(prefix) && byUtf8(name, start) >= 0);
  for (const name of wanted.sort(byUtf8)) {
    const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const shown = end === -1 ? name : name.slice(0, end + delimiter.length);
    if (cut.has(shown)) continue;
    if (names.length + cut.size === limit) return { names, cut: [...cut], next: name };
    if (end === -1) names.push(name);
    else cut.add(shown);
  }
  return { names, cut: [...cut], next: undefined };
}
