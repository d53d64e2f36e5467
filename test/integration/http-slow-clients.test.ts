// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openMetrics } from '../../src/metrics.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { PROPERTY_RUNS } from '../support/property-runs.ts';
import { head, readToClose, sendRaw } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';

/** Both ends are in this process: each connection takes two descriptors. */
const HALF_OPEN = PROPERTY_RUNS > 1000 ? 5_000 : 200;
const SLOW_READERS = PROPERTY_RUNS > 1000 ? 500 : 40;
/** Else it is the next request, stuck in the parser, that is taking too long. */
const NEVER = { headersTimeout: 0, requestTimeout: 0 };
const CHUNK = Buffer.alloc(65_536);

/** `/` a short answer, `/large` a long one, `/endless` a stream; counts the bytes the stream handed out. */
function servedBytes(): { readonly handler: Handler; taken: number } {
  const served = {
    taken: 0,
    handler: (({ target }) => {
      if (target === '/endless') return { status: 200, headers: [], body: endless() };
      const body = target === '/large' ? Buffer.alloc(8 * 1024 * 1024) : 'ok\n';
      return { status: 200, headers: [], body };
    }) satisfies Handler,
  };
  async function* endless(): AsyncIterable<Uint8Array> {
    for (;;) {
      served.taken += CHUNK.byteLength;
      yield CHUNK;
    }
  }
  return served;
}

async function attackers(count: number, port: number, bytes: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').pause());
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.on('error', () => {}).write(bytes);
  return sockets;
}

test('threat 32: half-open requests and slow readers keep nobody else from being served', async () => {
  const served = servedBytes();
  const { port } = await startTestServer(served.handler);
  await attackers(HALF_OPEN, port, 'GET / HTTP/1.1\r\nHost: test\r\nX-A');
  await attackers(SLOW_READERS, port, head('GET /endless HTTP/1.1'));
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => sendRaw(port, head('GET / HTTP/1.1', 'Connection: close'))),
  );
  expect(answers.flatMap(({ statuses }) => statuses)).toEqual(Array(100).fill(200));
});

test('threat 32: a stream is read no further than its slow reader reads', async () => {
  const served = servedBytes();
  const { port } = await startTestServer(served.handler);
  const [reader] = await attackers(1, port, head('GET /endless HTTP/1.1'));
  // The buffers of both ends of the connection fill up; then nothing more is taken.
  let before = -1;
  while (before !== served.taken || served.taken === 0) {
    before = served.taken;
    await sendRaw(port, head('GET / HTTP/1.1', 'Connection: close'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(served.taken).toBeLessThan(64 * 1024 * 1024);
  expect(reader?.destroyed).toBe(false);
});

test('threat 32: a header that does not arrive in its time is answered 408 and closed', async () => {
  const limits = { headersTimeout: 100, requestTimeout: 200, checkInterval: 20 };
  const { port, lines } = await startTestServer(servedBytes().handler, { limits });
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: test\r\nX-A');
  const { statuses, text } = await readToClose(socket);
  expect(statuses).toEqual([408]);
  expect(text).toContain('"UNSUPPORTED"');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'request', status: 408, code: 'ERR_HTTP_REQUEST_TIMEOUT' },
  ]);
});

test('threat 32: a body that does not arrive in its time aborts its handler', async () => {
  const limits = { headersTimeout: 100, requestTimeout: 100, checkInterval: 20 };
  const failed = Promise.withResolvers<unknown>();
  const { port } = await startTestServer(
    async ({ body }) => {
      try {
        for await (const _chunk of body);
      } catch (error) {
        failed.resolve(error);
      }
      return { status: 200, headers: [] };
    },
    { limits },
  );
  const answer = sendRaw(port, `${head('PUT / HTTP/1.1', 'Content-Length: 10')}x`);
  expect(await failed.promise).toMatchObject({ code: 'ECONNRESET' });
  expect((await answer).statuses).toEqual([408]);
});

test.each([
  ['stops reading a stream', '/endless', { idleTimeout: 100 }, 1],
  ['does not take a long answer', '/large', { sendTimeout: 100 }, 1],
  ['asks and asks and never reads', '/', { ...NEVER, idleTimeout: 100, checkInterval: 20 }, 50_000],
])('threat 32: a client that %s is cut off', async (_, target, limits, times) => {
  const metrics = openMetrics();
  const { port } = await startTestServer(servedBytes().handler, { limits, metrics });
  await attackers(1, port, head(`GET ${target} HTTP/1.1`).repeat(times));
  await expect.poll(() => metrics.expose()).toMatch(/archeion_http_answers_total\{.*\} [1-9]/);
  await expect
    .poll(() => metrics.expose(), { timeout: 15_000 })
    .toContain('archeion_http_connections{server="test"} 0');
});

test('a connection above the limit is closed, and the others are served on', async () => {
  const { port } = await startTestServer(servedBytes().handler, { limits: { maxConnections: 2 } });
  const kept = await attackers(2, port, head('GET / HTTP/1.1'));
  await Promise.all(kept.map((socket) => once(socket, 'readable')));
  expect((await sendRaw(port, head('GET / HTTP/1.1'))).text).toBe('');
  kept[0]?.resume().write(head('GET / HTTP/1.1', 'Connection: close'));
  await once(kept[0] as Socket, 'close');
  const answer = await sendRaw(port, head('GET / HTTP/1.1', 'Connection: close'));
  expect(answer.statuses).toEqual([200]);
});
