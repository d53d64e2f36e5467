// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerLimits } from '../../src/http/limits.ts';
import { openMetrics } from '../../src/metrics.ts';
import type { Handler, HttpAnswer } from '../../src/protocol/http.ts';
import { head, readToClose } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';
import { certificateFor, connectTls, sendSecure, trusting } from '../support/tls-client.ts';

const OK: HttpAnswer = { status: 200, headers: [], body: 'ok\n' };
const ONCE = head('GET / HTTP/1.1', 'Connection: close');
const OURS = certificateFor(90);
const CLIENT = trusting(OURS);

function materialOf({ cert, key }: typeof OURS, minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2') {
  return { certificate: cert, key, minVersion };
}

async function startSecure(handler: Handler, limits: Partial<ServerLimits> = {}) {
  const metrics = openMetrics();
  const server = await startTestServer(handler, { tls: materialOf(OURS), limits, metrics });
  return { ...server, metrics };
}

/** A connection that says nothing of TLS yet. */
async function rawTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** The first bytes a TLS client sends. */
async function clientHello(): Promise<Buffer> {
  const [near, far] = duplexPair();
  connectSecure({ ...CLIENT, socket: near });
  const [hello] = await once(far, 'data');
  return hello;
}

test('a client that trusts the certificate is answered over HTTP/1.1, and its address is known', async () => {
  const peers: string[] = [];
  const { port, url } = await startSecure(({ peer }) => {
    peers.push(peer);
    return OK;
  });
  const socket = await connectTls(port, { ...CLIENT, ALPNProtocols: ['h2', 'http/1.1'] });
  socket.write(ONCE);
  expect((await readToClose(socket)).statuses).toEqual([200]);
  expect(socket.alpnProtocol).toBe('http/1.1');
  expect(peers).toEqual(['127.0.0.1']);
  expect(url).toBe(`https://127.0.0.1:${port}`);
});

test.each<[string, ConnectionOptions]>([
  ['TLS 1.1', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ['nothing but HTTP/2', { ALPNProtocols: ['h2'] }],
])('a client that speaks %s is refused', async (_, wish) => {
  const { port } = await startSecure(() => OK);
  await expect(connectTls(port, { ...CLIENT, ...wish })).rejects.toThrow();
});

test('TLS 1.2 is spoken unless 1.3 is asked for', async () => {
  const { port, useTls } = await startSecure(() => OK);
  const old = { ...CLIENT, maxVersion: 'TLSv1.2' } as const;
  expect((await sendSecure(port, old, ONCE)).statuses).toEqual([200]);
  useTls(materialOf(OURS, 'TLSv1.3'));
  await expect(connectTls(port, old)).rejects.toThrow();
  expect((await sendSecure(port, CLIENT, ONCE)).statuses).toEqual([200]);
});

test('what is malformed over TLS is refused as without, and logged', async () => {
  const { port, lines } = await startSecure(() => OK);
  const answers = await Promise.all(
    [head('FETCH / HTTP/1.1'), head('GET / HTTP/1.1', `X: ${'a'.repeat(17_000)}`)].map((bytes) =>
      sendSecure(port, CLIENT, bytes),
    ),
  );
  expect(answers.map(({ statuses }) => statuses)).toEqual([[400], [431]]);
  expect(lines).toHaveLength(2);
});

test('plain HTTP to the port of TLS is closed without an answer, and counted', async () => {
  const { port, metrics } = await startSecure(() => OK);
  const socket = await rawTo(port);
  socket.write(ONCE);
  expect((await readToClose(socket)).statuses).toEqual([]);
  expect((await sendSecure(port, CLIENT, ONCE)).statuses).toEqual([200]);
  expect(await metrics.expose()).toContain(
    'archeion_tls_handshakes_failed_total{server="test",code="ERR_SSL_HTTP_REQUEST"} 1',
  );
});

test('a body that fails half way is a connection reset, not the end of the body', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('half');
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error('the disk is gone');
  }
  const { port } = await startSecure(() => ({ status: 200, headers: [], body: broken() }));
  const answer = await sendSecure(port, CLIENT, head('GET / HTTP/1.0'));
  expect(answer.text).toMatch(/half$/);
  expect(answer.isReset).toBe(true);
});

test('threat 32: a handshake that stalls is dropped, however its bytes trickle in', async () => {
  const { port, metrics, lines } = await startSecure(() => OK, { handshakeTimeout: 300 });
  const hello = await clientHello();
  const silent = await rawTo(port);
  const stalled = await rawTo(port);
  stalled.write(hello.subarray(0, 100));
  const dripping = await rawTo(port);
  let sent = 0;
  const drip = setInterval(() => dripping.write(hello.subarray(sent, ++sent)), 20);
  onTestFinished(() => clearInterval(drip));
  await Promise.all([silent, stalled, dripping].map(readToClose));
  expect(await metrics.expose()).toContain(
    'archeion_tls_handshakes_failed_total{server="test",code="ERR_TLS_HANDSHAKE_TIMEOUT"} 3',
  );
  await expect.poll(() => metrics.expose()).toContain('archeion_http_connections{server="test"} 0');
  expect(lines).toEqual([]); // nobody asked anything, so nobody was answered
});

test('threat 32: handshakes that stall keep nobody else from being served', async () => {
  const { port } = await startSecure(() => OK);
  const hello = await clientHello();
  for (let count = 0; count < 200; count += 1) (await rawTo(port)).write(hello.subarray(0, 50));
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => sendSecure(port, CLIENT, ONCE)),
  );
  expect(answers.flatMap(({ statuses }) => statuses)).toEqual(Array(50).fill(200));
});

test('threat 32: a header that does not arrive over TLS in its time is answered 408', async () => {
  const limits = { headersTimeout: 100, requestTimeout: 200, checkInterval: 20 };
  const { port } = await startSecure(() => OK, limits);
  const { statuses } = await sendSecure(port, CLIENT, 'GET / HTTP/1.1\r\nHost: test\r\nX-A');
  expect(statuses).toEqual([408]);
});

test('threat 32: a client that does not take its answers over TLS is cut off', async () => {
  const never = { headersTimeout: 0, requestTimeout: 0 };
  const limits = { ...never, idleTimeout: 100, checkInterval: 20 };
  const { port, metrics } = await startSecure(
    () => ({ status: 200, headers: [], body: Buffer.alloc(1024 * 1024) }),
    limits,
  );
  const socket = await connectTls(port, CLIENT);
  socket.on('error', () => {}).pause();
  socket.write(head('GET / HTTP/1.1').repeat(100));
  await expect.poll(() => metrics.expose()).toMatch(/archeion_http_answers_total\{.*\} [1-9]/);
  await expect
    .poll(() => metrics.expose(), { timeout: 15_000 })
    .toContain('archeion_http_connections{server="test"} 0');
  socket.destroy();
});

test('a connection is counted once, and above the limit closed', async () => {
  const { port, metrics } = await startSecure(() => OK, { maxConnections: 2 });
  const kept = [await connectTls(port, CLIENT), await connectTls(port, CLIENT)];
  expect(await metrics.expose()).toContain('archeion_http_connections{server="test"} 2');
  expect((await readToClose(await rawTo(port))).text).toBe('');
  for (const socket of kept) socket.destroy();
  await expect.poll(() => metrics.expose()).toContain('archeion_http_connections{server="test"} 0');
});

/** What scanners and confused clients send first. */
const GARBAGE: ReadonlyArray<readonly [string, string]> = [
  ['nothing but zeros', '\0'.repeat(600)],
  ['nothing but ones', '\xff'.repeat(600)],
  ['a request of HTTP/1', ONCE],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['an SSH banner', 'SSH-2.0-OpenSSH_9.7\r\n'],
  ['a PROXY header', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n'],
  ['a PROXY header, version 2', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c'.padEnd(60, '\x01')],
  ['a hello of SSL 2', '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10'.padEnd(48, 'a')],
  ['a hello of SSL 3', '\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00'.padEnd(52, 'a')],
  ['a record that is too long', '\x16\x03\x01\xff\xff\x01\x00\xff\xfb\x03\x03'.padEnd(70_000, 'a')],
  ['a record of length 0', '\x16\x03\x01\x00\x00'.repeat(40)],
  ['an alert', '\x15\x03\x03\x00\x02\x02\x28'],
  ['application data before a handshake', '\x17\x03\x03\x00\x05hello'.repeat(3)],
  ['a heartbeat', '\x18\x03\x02\x00\x03\x01\x40\x00'.repeat(3)],
  [
    'a hello whose inner length lies',
    '\x16\x03\x01\x00\x2f\x01\xff\xff\xff\x03\x03'.padEnd(52, 'a'),
  ],
  ['half of a record header', '\x16\x03'],
];

test.each(GARBAGE)(
  '%s to the port of TLS ends in a close, and others are served',
  async (_, bytes) => {
    const handled: string[] = [];
    const server = await startSecure(
      ({ target }) => {
        handled.push(target);
        return OK;
      },
      { handshakeTimeout: 500 },
    );
    const socket = await rawTo(server.port);
    socket.write(bytes, 'latin1');
    const { statuses } = await readToClose(socket);
    expect({ statuses, handled }).toEqual({ statuses: [], handled: [] });
    expect((await sendSecure(server.port, CLIENT, ONCE)).statuses).toEqual([200]);
  },
);

test('garbage after the handshake, in the middle of a request, ends the connection alone', async () => {
  const { port, metrics } = await startSecure(() => new Promise<HttpAnswer>(() => {}));
  const raw = await rawTo(port);
  const secure = connectSecure({ ...CLIENT, socket: raw }).on('error', () => {});
  await once(secure, 'secureConnect');
  secure.write(head('GET / HTTP/1.1'));
  raw.write(Buffer.alloc(5_000, 0x17));
  await once(raw, 'close');
  await expect.poll(() => metrics.expose()).toContain('archeion_http_connections{server="test"} 0');
  expect((await connectTls(port, CLIENT)).destroy().authorized).toBe(true);
});

test('a hello with any byte turned over ends in a close or a handshake, never in a failure of ours', async () => {
  const { port, metrics } = await startSecure(() => OK, { handshakeTimeout: 400 });
  const hello = await clientHello();
  const turned = Array.from({ length: 150 }, (_, index) => {
    const bytes = Buffer.from(hello);
    bytes[index] = (bytes[index] ?? 0) ^ 0xff;
    return bytes;
  });
  await Promise.all(
    turned.map(async (bytes) => {
      const socket = await rawTo(port);
      socket.write(bytes);
      await readToClose(socket);
    }),
  );
  expect((await sendSecure(port, CLIENT, ONCE)).statuses).toEqual([200]);
  await expect.poll(() => metrics.expose()).toContain('archeion_http_connections{server="test"} 0');
});

test('draining finishes what is under way over TLS, and closes what is idle', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<HttpAnswer>();
  const server = await startSecure(
    ({ target }) => {
      if (target === '/quick') return OK;
      asked.resolve();
      return answer.promise;
    },
    { drainLinger: 0 },
  );
  const idle = await connectTls(server.port, CLIENT);
  idle.write(head('GET /quick HTTP/1.1'));
  await once(idle, 'data');
  const agreed = await connectTls(server.port, CLIENT);
  const silent = await rawTo(server.port);
  const closed = Promise.all([idle, agreed, silent].map(readToClose));
  const response = sendSecure(server.port, CLIENT, head('GET / HTTP/1.1'));
  await asked.promise;
  const drained = server.drain(600_000);
  await closed;
  answer.resolve(OK);
  expect((await response).text).toMatch(/Connection: close[\s\S]*ok\n$/);
  await drained;
});

test('a handshake that stalls holds up draining no longer than handshakes may take', async () => {
  const server = await startSecure(() => OK, { drainLinger: 0, handshakeTimeout: 400 });
  const stalled = await rawTo(server.port);
  stalled.write((await clientHello()).subarray(0, 50));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.drain(600_000);
  expect(stalled.destroyed || (await readToClose(stalled)).text === '').toBe(true);
});

test('closing ends connections in every state at once', async () => {
  const server = await startSecure(() => new Promise<HttpAnswer>(() => {}));
  const stalled = await rawTo(server.port);
  stalled.write((await clientHello()).subarray(0, 50));
  const agreed = await connectTls(server.port, CLIENT);
  const asking = await connectTls(server.port, CLIENT);
  asking.write(head('GET / HTTP/1.1'));
  const closed = Promise.all([stalled, agreed, asking].map(readToClose));
  await server.close();
  await closed;
});

test('another certificate is for new connections; one that is open goes on, and one that resumes sees the new', async () => {
  const { port, useTls } = await startSecure(() => OK);
  const next = certificateFor(180);
  const both = trusting(OURS, next);
  const kept = await connectTls(port, both);
  const session = new Promise<Buffer>((resolve) => kept.once('session', resolve));
  kept.write(head('GET / HTTP/1.1'));
  await once(kept, 'data');
  useTls(materialOf(next));
  const resumed = await connectTls(port, { ...both, session: await session });
  expect(resumed.getPeerCertificate().fingerprint256).not.toBe(
    kept.getPeerCertificate().fingerprint256,
  );
  for (const socket of [kept, resumed]) {
    socket.write(ONCE);
    expect((await readToClose(socket)).statuses).toEqual([200]);
  }
});
