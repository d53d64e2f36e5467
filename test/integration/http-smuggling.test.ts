// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Handler } from '../../src/protocol/http.ts';
import { head, sendRaw, sendRawAndEnd } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';

/** What an attacker hides behind a request whose end two parsers see in different places. */
const HIDDEN = head('GET /hidden HTTP/1.1');
const CHUNKED = 'Transfer-Encoding: chunked';
const POST = 'POST / HTTP/1.1';

/** Whose framing is in doubt: refused before any handler sees them. The name, the bytes, the status. */
const REFUSED: ReadonlyArray<readonly [string, string, number]> = [
  ['length and chunks', `${head(POST, 'Content-Length: 4', CHUNKED)}0\r\n\r\n${HIDDEN}`, 400],
  ['chunks and length', `${head(POST, CHUNKED, 'Content-Length: 4')}0\r\n\r\n${HIDDEN}`, 400],
  ['two lengths', `${head(POST, 'Content-Length: 0', 'Content-Length: 37')}${HIDDEN}`, 400],
  ['one length twice', `${head(POST, 'Content-Length: 1', 'Content-Length: 1')}x${HIDDEN}`, 400],
  ['a list of lengths', `${head(POST, 'Content-Length: 1, 1')}x${HIDDEN}`, 400],
  ['a negative length', `${head(POST, 'Content-Length: -1')}${HIDDEN}`, 400],
  ['a length with a plus', `${head(POST, 'Content-Length: +1')}x${HIDDEN}`, 400],
  ['a hexadecimal length', `${head(POST, 'Content-Length: 0x1')}x${HIDDEN}`, 400],
  ['an empty length', `${head(POST, 'Content-Length: ')}${HIDDEN}`, 400],
  ['a length of two words', `${head(POST, 'Content-Length: 1 1')}x${HIDDEN}`, 400],
  ['a length beyond 64 bits', `${head(POST, `Content-Length: ${'9'.repeat(23)}`)}${HIDDEN}`, 400],
  ['a folded line', head('GET / HTTP/1.1', 'X: a\r\n b'), 400],
  ['a folded coding', `${head(POST, 'Transfer-Encoding:\r\n chunked')}0\r\n\r\n${HIDDEN}`, 400],
  ['line feeds alone', 'GET / HTTP/1.1\nHost: test\n\n', 400],
  ['a line feed alone', `GET / HTTP/1.1\r\nHost: test\nX: y\r\n\r\n${HIDDEN}`, 400],
  ['a carriage return alone', `GET / HTTP/1.1\r\nHost: test\rX: y\r\n\r\n${HIDDEN}`, 400],
  ['a carriage return in a value', head('GET / HTTP/1.1', 'X: a\rb'), 400],
  ['NUL in a value', head('GET / HTTP/1.1', 'X: a\0b'), 400],
  ['NUL in a name', head('GET / HTTP/1.1', 'X\0: a'), 400],
  ['NUL in the target', head('GET /\0 HTTP/1.1'), 400],
  ['a space before the colon', `${head(POST, 'Content-Length : 1')}x${HIDDEN}`, 400],
  ['a space before the first name', 'GET / HTTP/1.1\r\n Host: test\r\n\r\n', 400],
  ['a line without a name', head('GET / HTTP/1.1', ': a'), 400],
  ['a line without a colon', head('GET / HTTP/1.1', 'abc'), 400],
  ['chunked, identity', `${head(POST, `${CHUNKED}, identity`)}0\r\n\r\n${HIDDEN}`, 400],
  ['chunked twice', `${head(POST, CHUNKED, CHUNKED)}0\r\n\r\n${HIDDEN}`, 400],
  ['vertical tab, chunked', `${head(POST, 'Transfer-Encoding: \vchunked')}0\r\n\r\n${HIDDEN}`, 400],
  ['identity', `${head(POST, 'Transfer-Encoding: identity')}${HIDDEN}`, 501],
  ['xchunked', `${head(POST, 'Transfer-Encoding: xchunked')}0\r\n\r\n${HIDDEN}`, 501],
  ['gzip, chunked', `${head(POST, 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n${HIDDEN}`, 501],
  ['chunks over HTTP/1.0', `${head('POST / HTTP/1.0', CHUNKED)}0\r\n\r\n${HIDDEN}`, 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 505],
  ['HTTP/0.9, spelled out', head('GET / HTTP/0.9'), 505],
  ['HTTP/1.2', head('GET / HTTP/1.2'), 400],
  ['HTTP/2.0', head('GET / HTTP/2.0'), 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two hosts', head('GET / HTTP/1.1', 'Host: other'), 400],
  ['an unknown method', head('FETCH / HTTP/1.1'), 400],
  ['a method in lower case', head('get / HTTP/1.1'), 400],
  ['tabs in the request line', 'GET\t/\tHTTP/1.1\r\nHost: test\r\n\r\n', 400],
  ['bytes that are no ASCII in the target', head('GET /\xe9 HTTP/1.1'), 400],
  ['a header above the limit', head('GET / HTTP/1.1', `X: ${'a'.repeat(17_000)}`), 431],
  ['a target above the limit', head(`GET /${'a'.repeat(17_000)} HTTP/1.1`), 431],
];

/** Bodies that break off their own framing: the handler has the request, and learns that its body failed. */
const BROKEN_BODIES: ReadonlyArray<readonly [string, string]> = [
  ['a chunk size beyond 64 bits', `${'F'.repeat(17)}\r\n${HIDDEN}`],
  ['a negative chunk size', `-1\r\n${HIDDEN}`],
  ['a chunk size with a prefix', `0x1\r\nx\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk longer than its size', `1\r\nxx\r\n0\r\n\r\n${HIDDEN}`],
  ['chunks that end in line feeds', `1\nx\n0\n\n${HIDDEN}`],
  ['an extension that ends in a line feed', `1;a\nx\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk that ends in a carriage return', `1\r\nx\rx0\r\n\r\n${HIDDEN}`],
  ['endless chunk extensions', `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n${HIDDEN}`],
];

/** Strange, but with one meaning only: answered like any other request. */
const ANSWERED: ReadonlyArray<readonly [string, string, string]> = [
  ['the absolute form', head('GET http://evil/v2/ HTTP/1.1'), 'GET http://evil/v2/'],
  ['the asterisk form', head('OPTIONS * HTTP/1.1'), 'OPTIONS *'],
  ['HTTP/1.0 without a host', 'GET / HTTP/1.0\r\n\r\n', 'GET /'],
  ['an upgrade to HTTP/2', head('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: h2c'), 'GET /'],
  ['a header of 2,500 lines', head('GET / HTTP/1.1', ...Array(2500).fill('a:')), 'GET /'],
  [
    'a body that looks like a request',
    `${head(POST, `Content-Length: ${HIDDEN.length}`)}${HIDDEN}`,
    'POST /',
  ],
];

function recorder(): { readonly seen: string[]; readonly handler: Handler } {
  const seen: string[] = [];
  const handler: Handler = ({ method, target }) => {
    seen.push(`${method} ${target}`);
    return { status: 200, headers: [], body: 'answered\n' };
  };
  return { seen, handler };
}

test.each(REFUSED)(
  'threat 27: %s: refused, the connection closed, nothing handled',
  async (_, bytes, status) => {
    const { seen, handler } = recorder();
    const { port } = await startTestServer(handler);
    const { statuses } = await sendRaw(port, bytes);
    expect({ statuses, seen }).toEqual({ statuses: [status], seen: [] });
  },
);

test.each(BROKEN_BODIES)('threat 27: %s: nothing behind it is answered', async (_, body) => {
  const seen: string[] = [];
  const { port } = await startTestServer(async (request) => {
    seen.push(request.target);
    for await (const _chunk of request.body);
    return { status: 200, headers: [], body: 'complete\n' };
  });
  const { statuses, text } = await sendRaw(port, `${head(POST, CHUNKED)}${body}`);
  expect(seen).toEqual(['/']);
  expect(text).not.toContain('complete');
  expect([400, 413]).toContain(statuses[0]);
  expect(statuses).toHaveLength(1);
});

test.each(BROKEN_BODIES)(
  'threat 27: %s, for a handler that answers first: closed',
  async (_, body) => {
    const { seen, handler } = recorder();
    const { port } = await startTestServer(handler);
    const { statuses } = await sendRaw(port, `${head(POST, CHUNKED)}${body}`);
    expect({ statuses, seen }).toEqual({ statuses: [200], seen: ['POST /'] });
  },
);

test.each(ANSWERED)('threat 27: %s: answered once', async (_, bytes, as) => {
  const { seen, handler } = recorder();
  const { port } = await startTestServer(handler);
  const { statuses } = await sendRawAndEnd(port, bytes);
  expect({ statuses, seen }).toEqual({ statuses: [200], seen: [as] });
});

test('threat 27: CONNECT is refused, and the connection closed', async () => {
  const { seen, handler } = recorder();
  const { port } = await startTestServer(handler);
  const { text } = await sendRaw(port, `${head('CONNECT evil:443 HTTP/1.1')}${HIDDEN}`);
  expect(text).toMatch(/^HTTP\/1\.1 405 /);
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(seen).toEqual([]);
});

test('threat 27: bytes after the last request of a connection are not answered', async () => {
  const { seen, handler } = recorder();
  const { port } = await startTestServer(handler);
  const { statuses } = await sendRaw(
    port,
    `${head('GET / HTTP/1.1', 'Connection: close')}${HIDDEN}`,
  );
  expect({ statuses, seen }).toEqual({ statuses: [200], seen: ['GET /'] });
});

test('threat 27: requests sent ahead are answered in order, each by its own answer', async () => {
  const { port } = await startTestServer(async ({ target }) => ({
    status: 200,
    headers: [],
    body: `<${target}>\n`,
  }));
  const sent = ['/a', '/b'].map((target) => head(`GET ${target} HTTP/1.1`)).join('');
  const { text } = await sendRaw(port, sent, head('GET /c HTTP/1.1', 'Connection: close'));
  expect([...text.matchAll(/<(.*)>/g)].map((match) => match[1])).toEqual(['/a', '/b', '/c']);
});

test('threat 27: a refusal is an error of the API, and is logged without the bytes received', async () => {
  const { handler } = recorder();
  const { port, lines } = await startTestServer(handler);
  const { text } = await sendRaw(port, head('GET /tulip HTTP/1.1', 'X: tulip\0'));
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  expect(JSON.parse(body)).toEqual({
    errors: [{ code: 'UNSUPPORTED', message: 'malformed HTTP request' }],
  });
  expect(text).toContain(`Content-Length: ${body.length}\r\nConnection: close\r\n`);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'request', status: 400, code: 'HPE_INVALID_HEADER_TOKEN' },
  ]);
  expect(lines.join()).not.toContain('tulip');
});

test('threat 27: a lenient parser asked for on the command line stays strict', async () => {
  const program = join(import.meta.dirname, '../support/start-server-process.ts');
  const child = spawn(process.execPath, ['--insecure-http-parser', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  const [line] = await once(child.stdout, 'data');
  const { statuses } = await sendRaw(
    Number(String(line)),
    `${head(POST, 'Content-Length: 4', CHUNKED)}0\r\n\r\n${HIDDEN}`,
  );
  expect(statuses).toEqual([400]);
});
