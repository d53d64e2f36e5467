// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { HttpAnswer } from '../../src/protocol/http.ts';
import { head, readToClose, sendRaw } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';

const OK: HttpAnswer = { status: 200, headers: [], body: 'ok\n' };
const QUICK = { limits: { drainLinger: 0 } };

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** One request; the status, or the error code. Complete only when the whole body came. */
function ask(port: number, target: string, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: target, agent }, (response) => {
      response.on('error', () => resolve('cut off'));
      response.on('end', () => resolve(response.statusCode ?? 'no status'));
      response.resume();
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('no request that was read is dropped, however many clients keep asking while the server drains', async () => {
  const handled = new Set<string>();
  const answered = new Set<string>();
  const server = await startTestServer(({ target }) => {
    handled.add(target);
    return target.endsWith('0') ? new Promise((resolve) => setImmediate(resolve, OK)) : OK;
  });
  const underLoad = Promise.withResolvers<void>();

  const client = async (name: number): Promise<string> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; ; count++) {
      const target = `/${name}/${count}`;
      const result = await ask(server.port, target, agent);
      if (result !== 200) {
        agent.destroy();
        return String(result);
      }
      answered.add(target);
      if (answered.size === 2_000) underLoad.resolve();
    }
  };
  const clients = Array.from({ length: 32 }, (_, name) => client(name));
  await underLoad.promise;
  await server.drain(10_000);
  const ends = await Promise.all(clients);

  expect([...handled].filter((target) => !answered.has(target))).toEqual([]);
  // A connection that was still waiting to be accepted when the server closed is reset by the kernel.
  expect(ends.filter((end) => end !== 'ECONNREFUSED' && end !== 'ECONNRESET')).toEqual([]);
});

test('while draining, requests are answered and told that the connection closes', async () => {
  const server = await startTestServer(() => OK);
  const kept = await opened(server.port);
  const fresh = await opened(server.port);
  kept.write(head('GET / HTTP/1.1'));
  expect(String(await once(kept, 'data'))).toContain('Connection: keep-alive');
  const drained = server.drain(10_000);
  for (const socket of [kept, fresh]) {
    socket.write(head('GET / HTTP/1.1'));
    const { text, statuses } = await readToClose(socket);
    expect(statuses).toEqual([200]);
    expect(text).toContain('Connection: close');
  }
  await drained;
});

test('a server without connections is drained at once, and asked again waits for the same', async () => {
  const server = await startTestServer(() => OK, { limits: { drainLinger: 600_000 } });
  await Promise.all([server.drain(600_000), server.drain(600_000)]);
  await expect(once(connect(server.port, '127.0.0.1'), 'connect')).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('connections that are idle, or never asked anything, do not hold up draining', async () => {
  const server = await startTestServer(() => OK, QUICK);
  const idle = await opened(server.port);
  const silent = await opened(server.port);
  idle.write(head('GET / HTTP/1.1'));
  await once(idle, 'data');
  const closed = Promise.all([once(idle, 'close'), once(silent.resume(), 'close')]);
  await server.drain(600_000);
  idle.destroy();
  await closed;
});

test('a request under way is finished, and then the connection is closed', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<HttpAnswer>();
  const server = await startTestServer(() => {
    asked.resolve();
    return answer.promise;
  }, QUICK);
  const response = sendRaw(server.port, head('GET / HTTP/1.1'));
  await asked.promise;
  const drained = server.drain(600_000);
  answer.resolve(OK);
  expect((await response).text).toMatch(/Connection: close[\s\S]*ok\n$/);
  await drained;
});

test('an answer that was being sent is sent to its end, and then the connection is closed', async () => {
  const more = Promise.withResolvers<void>();
  async function* body(): AsyncIterable<Uint8Array> {
    yield Buffer.from('first,');
    await more.promise;
    yield Buffer.from('last');
  }
  const server = await startTestServer(
    () => ({ status: 200, headers: ['Content-Length', '10'], body: body() }),
    QUICK,
  );
  const socket = await opened(server.port);
  socket.write(head('GET / HTTP/1.1'));
  const first = String(await once(socket, 'data'));
  const drained = server.drain(600_000);
  more.resolve();
  expect(first + (await readToClose(socket)).text).toMatch(/first,last$/);
  await drained;
});

test('what is not finished within the grace is cut off', async () => {
  const server = await startTestServer(() => new Promise<HttpAnswer>(() => {}), QUICK);
  const response = sendRaw(server.port, head('GET / HTTP/1.1'));
  await new Promise(setImmediate);
  await server.drain(60);
  expect((await response).text).toBe('');
});

test('closing does not wait, not even for a drain that does', async () => {
  const asked = Promise.withResolvers<void>();
  const server = await startTestServer(() => {
    asked.resolve();
    return new Promise<HttpAnswer>(() => {});
  }, QUICK);
  const response = sendRaw(server.port, head('GET / HTTP/1.1'));
  await asked.promise;
  const drained = server.drain(600_000);
  await server.close();
  await drained;
  expect((await response).text).toBe('');
});
