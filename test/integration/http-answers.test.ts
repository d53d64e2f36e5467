// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { RegistryError } from '../../src/core/oci/registry-error.ts';
import { ListenError } from '../../src/http/listen.ts';
import { startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import type { HttpAnswer } from '../../src/protocol/http.ts';
import { head, readToClose, sendRaw } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';

const CLOSE = 'Connection: close';

async function* chunks(...parts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** What a test waits for, with the function that ends the waiting. */
function signalled<T = void>(): { readonly done: Promise<T>; readonly signal: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { done: promise, signal: resolve };
}

test.each<[string, HttpAnswer]>([
  ['text', { status: 200, headers: ['X-A', 'b'], body: 'grün' }],
  ['bytes', { status: 200, headers: ['X-A', 'b'], body: Buffer.from('grün') }],
  [
    'a stream that states its length',
    { status: 200, headers: ['X-A', 'b', 'content-length', '5'], body: chunks('gr', 'ün') },
  ],
])('%s is sent with its length in bytes', async (_, answer) => {
  const { url } = await startTestServer(() => answer);
  const response = await fetch(url);
  expect(response.headers.get('content-length')).toBe('5');
  expect(response.headers.get('x-a')).toBe('b');
  expect(await response.text()).toBe('grün');
});

test('a stream of unknown length is sent in chunks', async () => {
  const { port } = await startTestServer(() => ({
    status: 200,
    headers: [],
    body: chunks('a', 'b'),
  }));
  const { text } = await sendRaw(port, head('GET / HTTP/1.1', CLOSE));
  expect(text).toMatch(/Transfer-Encoding: chunked[\s\S]*2\r\nab\r\n0\r\n\r\n$/);
});

test.each<[string, HttpAnswer, string]>([
  ['a body', { status: 200, headers: [], body: 'abc' }, 'Content-Length: 3'],
  ['no body', { status: 307, headers: ['Location', '/x'] }, 'Content-Length: 0'],
  [
    'no body but its length',
    { status: 200, headers: ['Content-Length', '7'] },
    'Content-Length: 7',
  ],
  [
    'a stream',
    { status: 200, headers: ['Content-Length', '2'], body: chunks('ab') },
    'Content-Length: 2',
  ],
])('HEAD of an answer with %s has the headers of GET and no body', async (_, answer, line) => {
  const { port } = await startTestServer(() => answer);
  const { text } = await sendRaw(port, head('HEAD / HTTP/1.1', CLOSE));
  expect(text).toContain(`${line}\r\n`);
  expect(text).toMatch(/\r\n\r\n$/);
});

test.each(['GET', 'HEAD'])(
  'an error for %s has the same headers, for HEAD no body',
  async (method) => {
    const { url } = await startTestServer(() => {
      throw new RegistryError('NAME_UNKNOWN', 'no such repository', { headers: ['X-A', 'b'] });
    });
    const response = await fetch(url, { method });
    const text = '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}\n';
    expect(response.status).toBe(404);
    expect(response.headers.get('x-a')).toBe('b');
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(await response.text()).toBe({ GET: text, HEAD: '' }[method]);
  },
);

test.each([204, 304])('%d has neither body nor length', async (status) => {
  const { port } = await startTestServer(() => ({ status, headers: [] }));
  const { text } = await sendRaw(port, head('GET / HTTP/1.1', CLOSE));
  expect(text).not.toMatch(/Content-Length|Transfer-Encoding/);
});

test('a body that nobody gets, as the request is HEAD, is closed', async () => {
  const body = Readable.from(chunks('a'));
  const closed = once(body, 'close');
  const { url } = await startTestServer(() => ({ status: 200, headers: [], body }));
  await fetch(url, { method: 'HEAD' });
  await closed;
});

test('an answer may take its time, and an error may too', async () => {
  const { url } = await startTestServer(async ({ target }) => {
    await new Promise(setImmediate);
    if (target === '/missing') throw new RegistryError('BLOB_UNKNOWN', 'no such blob');
    return { status: 200, headers: [], body: 'late' };
  });
  expect(await (await fetch(url)).text()).toBe('late');
  expect((await fetch(`${url}/missing`)).status).toBe(404);
});

test('all lines of a header are one, and an inherited name is none', async () => {
  const { port } = await startTestServer((request) => ({
    status: 200,
    headers: [],
    body: JSON.stringify(
      ['x-forwarded-for', 'authorization', 'set-cookie', 'constructor', '__proto__', 'x-none'].map(
        (name) => request.header(name) ?? 'none',
      ),
    ),
  }));
  const { text } = await sendRaw(
    port,
    head(
      'GET / HTTP/1.1',
      CLOSE,
      'X-Forwarded-For: 192.0.2.1',
      'Authorization: a',
      'x-forwarded-for: 192.0.2.2',
      'authorization: b',
      'Set-Cookie: c',
      'Set-Cookie: d',
    ),
  );
  expect(text).toContain('["192.0.2.1, 192.0.2.2","a, b","c, d","none","none","none"]');
});

test('the peer is the address the socket reports', async () => {
  const { url } = await startTestServer(({ peer }) => ({ status: 200, headers: [], body: peer }));
  expect(await (await fetch(url)).text()).toBe('127.0.0.1');
});

test.each<[string, HttpAnswer]>([
  ['fails', { status: 200, headers: [], body: failing() }],
  [
    'is shorter than it states',
    { status: 200, headers: ['Content-Length', '9'], body: chunks('ab') },
  ],
  [
    'is longer than it states',
    { status: 200, headers: ['Content-Length', '1'], body: chunks('a', 'b') },
  ],
])('a body that %s is never ended: the connection is reset', async (_, answer) => {
  const { port, lines } = await startTestServer(() => answer);
  const { text, isReset } = await sendRaw(port, head('GET / HTTP/1.1'));
  expect(isReset || text === '').toBe(true);
  expect(text).not.toMatch(/0\r\n\r\n$/);
  const events = lines.map((line) => JSON.parse(line));
  expect(events).toMatchObject([
    { event: 'answer-broken', requestId: events[1].requestId },
    { event: 'request', aborted: true },
  ]);
});

async function* failing(): AsyncIterable<Uint8Array> {
  yield Buffer.from('some');
  throw new Error('the disk is gone');
}

test.each<[string, HttpAnswer]>([
  [
    'text of another length than it states',
    { status: 200, headers: ['Content-Length', '9'], body: 'ab' },
  ],
  ['a length but no body', { status: 200, headers: ['Content-Length', '9'] }],
  ['a length that is no number', { status: 200, headers: ['Content-Length', 'x'], body: 'ab' }],
])('%s is a failure of ours, told before the first byte', async (_, answer) => {
  const { url } = await startTestServer(() => answer);
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(await response.text()).toContain('"UNKNOWN"');
});

const HOSTILE = ['a\r\nX-Evil: 1', 'a\nb', 'a\0b', 'snow\u2603man', '\ud800'];

test.each(HOSTILE)(
  'threat 28: a header of ours with the value %j is a 500, and the process lives',
  async (value) => {
    const body = Readable.from(chunks('a'));
    const { port, lines } = await startTestServer(({ target }) => {
      if (target === '/refused')
        throw new RegistryError('UNAUTHORIZED', 'no', { headers: ['WWW-Authenticate', value] });
      return {
        status: 307,
        headers: ['Transfer-Encoding', 'chunked', 'Connection', 'close', 'Location', value],
        ...(target === '/stream' ? { body } : {}),
      };
    });
    for (const target of ['/', '/refused', '/stream', '/']) {
      const { text, statuses } = await sendRaw(port, head(`GET ${target} HTTP/1.1`));
      expect(statuses).toEqual([500]);
      expect(text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
      expect(text).toMatch(
        /\r\n\r\n\{"errors":\[\{"code":"UNKNOWN","message":"internal error, request \\"[\w-]+\\""\}\]\}\n$/,
      );
      expect(text).not.toMatch(/X-Evil|chunked/);
    }
    expect(body.destroyed).toBe(true);
    expect(lines.filter((line) => line.includes('request-failed'))).toHaveLength(4);
  },
);

test.each<[string, () => HttpAnswer]>([
  ['a header name that is none', () => ({ status: 200, headers: ['a b', 'c'] })],
  ['a header without a value', () => ({ status: 200, headers: ['a'] })],
  ['a status that is none', () => ({ status: 42, headers: [] })],
  ['no answer at all', () => JSON.parse('null')],
  ['a body of no known kind', () => ({ status: 200, headers: [], body: JSON.parse('{}') })],
])('%s is a failure of ours', async (_, handler) => {
  const { url } = await startTestServer(handler);
  expect((await fetch(url)).status).toBe(500);
});

test('a request body arrives as it was sent', async () => {
  const { url } = await startTestServer(async ({ body }) => {
    let length = 0;
    for await (const chunk of body) length += chunk.byteLength;
    return { status: 200, headers: [], body: String(length) };
  });
  const body = Buffer.alloc(300_000);
  expect(await (await fetch(url, { method: 'PUT', body })).text()).toBe('300000');
  expect(await (await fetch(url)).text()).toBe('0');
});

test('a handler that stops reading half way still answers, and the connection stays usable', async () => {
  const { port } = await startTestServer(async ({ body }) => {
    for await (const _chunk of body)
      throw new RegistryError('SIZE_INVALID', 'too large', { status: 413 });
    return { status: 200, headers: [], body: 'ok\n' };
  });
  const { statuses } = await sendRaw(
    port,
    `${head('PUT / HTTP/1.1', 'Content-Length: 200000')}${'x'.repeat(200_000)}`,
    head('GET / HTTP/1.1', CLOSE),
  );
  expect(statuses).toEqual([413, 200]);
});

test('of a body that nobody reads only so much is taken before the connection is closed', async () => {
  const limits = { unreadBody: 1000 };
  const { port } = await startTestServer(() => ({ status: 200, headers: [], body: 'ok\n' }), {
    limits,
  });
  const { statuses } = await sendRaw(
    port,
    `${head('PUT / HTTP/1.1', 'Content-Length: 10000000')}${'x'.repeat(200_000)}`,
  );
  expect(statuses).toEqual([200]);
});

test('a body that nobody reads and that stops coming is waited for only so long', async () => {
  const limits = { unreadBodyTimeout: 50 };
  const { port } = await startTestServer(() => ({ status: 200, headers: [], body: 'ok\n' }), {
    limits,
  });
  const { statuses } = await sendRaw(port, `${head('PUT / HTTP/1.1', 'Content-Length: 10')}x`);
  expect(statuses).toEqual([200]);
});

test('a client that waits for leave to send its body gets it when the body is read', async () => {
  const { port } = await startTestServer(async ({ body }) => {
    let text = '';
    for await (const chunk of body) text += Buffer.from(chunk).toString();
    return { status: 201, headers: [], body: text };
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(head('PUT / HTTP/1.1', CLOSE, 'Content-Length: 2', 'Expect: 100-continue'));
  await once(socket, 'readable');
  expect(String(socket.read())).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('ab');
  const { text } = await readToClose(socket);
  expect(text).toMatch(/^HTTP\/1\.1 201[\s\S]*\r\n\r\nab$/);
});

test('a client that waits for leave to send a body that is refused never sends it', async () => {
  const { port } = await startTestServer(() => {
    throw new RegistryError('DENIED', 'read only');
  });
  const expecting = head('PUT / HTTP/1.1', 'Content-Length: 10000000', 'Expect: 100-continue');
  const { text, statuses } = await sendRaw(port, expecting);
  expect(statuses).toEqual([403]);
  expect(text).toContain(CLOSE);
});

test('when the client goes away the signal is aborted and the body is closed', async () => {
  const aborted = signalled();
  const closed = signalled();
  async function* endless(): AsyncIterable<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(65_536);
    } finally {
      closed.signal();
    }
  }
  const { port, lines } = await startTestServer(({ signal }) => {
    signal.addEventListener('abort', () => aborted.signal());
    return { status: 200, headers: [], body: endless() };
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(head('GET / HTTP/1.1'));
  await once(socket, 'data');
  socket.destroy();
  await Promise.all([aborted.done, closed.done]);
  await new Promise(setImmediate);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'request', aborted: true },
  ]);
});

test.each([
  ['answers', '/'],
  ['fails', '/failing'],
])(
  'a handler that %s after the client went away: its answer is closed, and nothing failed',
  async (_, target) => {
    const asked = signalled<AbortSignal>();
    const answered = signalled<HttpAnswer>();
    const { port, lines } = await startTestServer(async (request) => {
      asked.signal(request.signal);
      const answer = await answered.done;
      if (request.target === '/failing') throw new Error('because of that');
      return answer;
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(head(`GET ${target} HTTP/1.1`));
    const signal = await asked.done;
    const aborted = once(signal, 'abort');
    socket.destroy();
    await aborted;
    const body = Readable.from(chunks('a'));
    answered.signal({ status: 200, headers: [], body });
    await new Promise(setImmediate);
    const events = lines.map((line) => JSON.parse(line));
    expect(events).toMatchObject([{ event: 'request', aborted: true }]);
    expect(body.destroyed).toBe(target === '/');
  },
);

test('a signal asked for after a complete answer was never aborted', async () => {
  const signals: AbortSignal[] = [];
  const { port } = await startTestServer(({ signal }) => {
    signals.push(signal);
    return { status: 200, headers: [], body: 'ok' };
  });
  await sendRaw(port, head('GET / HTTP/1.1', CLOSE));
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test('answers are counted by server and status, with their bytes, and connections with them', async () => {
  const metrics = openMetrics();
  const { url } = await startTestServer(
    ({ target }) => ({ status: target === '/' ? 200 : 404, headers: [], body: 'four' }),
    { metrics },
  );
  await (await fetch(url)).text();
  await (await fetch(`${url}/missing`)).text();
  const text = await metrics.expose();
  expect(text).toContain('archeion_http_answers_total{server="test",status="200"} 1');
  expect(text).toContain('archeion_http_answers_total{server="test",status="404"} 1');
  expect(text).toContain('archeion_http_sent_bytes_total{server="test"} 8');
  expect(text).toMatch(/archeion_http_connections\{server="test"\} [12]\n/);
});

test('a port that is taken is an error that names it', async () => {
  const { port } = await startTestServer(() => ({ status: 200, headers: [] }));
  const second = startServer({
    name: 'second',
    host: '127.0.0.1',
    port,
    handler: () => ({ status: 200, headers: [] }),
    log: silentLog,
  });
  await expect(second).rejects.toThrow(ListenError);
  await expect(second).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: expect.stringContaining(`cannot listen on "127.0.0.1:${port}" for "second"`),
  });
});

test.each([
  ['::', 'http://127.0.0.1'],
  ['0.0.0.0', 'http://127.0.0.1'],
  ['localhost', 'http://'],
])('a server on %s is reached at the address it tells', async (host, start) => {
  const { url } = await startTestServer(() => ({ status: 200, headers: [], body: 'ok' }), { host });
  expect(url.startsWith(start)).toBe(true);
  expect(await (await fetch(url)).text()).toBe('ok');
});
