// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { FakeAnswer } from '../support/fake-upstream.ts';
import { upstreamBench } from '../support/upstream-bench.ts';

const PATH = '/v2/a/manifests/latest';
const { start, connect } = upstreamBench();

describe('what is read', () => {
  test('bytes and headers come as they were sent', async () => {
    const up = await start(() => ({
      headers: { 'Content-Type': 'text/x', link: ['<a>', '<b>'] },
      body: 'äé',
    }));
    const found = await connect(up.url).get(PATH, { query: '?n=1&last=%2B', accept: 'text/x' });
    expect(Buffer.from(found?.bytes ?? []).toString()).toBe('äé');
    expect([found?.header('content-type'), found?.header('link')]).toEqual(['text/x', '<a>, <b>']);
    expect(up.requests).toEqual([
      { method: 'GET', target: `${PATH}?n=1&last=%2B`, authorization: undefined, accept: 'text/x' },
    ]);
  });

  test('404 is absence, for all three', async () => {
    const up = await start(() => undefined);
    const client = connect(up.url);
    expect(await client.get(PATH)).toBeUndefined();
    expect(await client.head(PATH)).toBeUndefined();
    expect(await client.stream(PATH)).toBeUndefined();
  });

  test('a stream gives its bytes as they come, a head no more than headers', async () => {
    const up = await start(() => ({ headers: { 'x-y': 'z' }, body: 'a'.repeat(300_000) }));
    const client = connect(up.url);
    let size = 0;
    for await (const piece of (await client.stream(PATH))?.body ?? []) size += piece.byteLength;
    expect(size).toBe(300_000);
    expect((await client.head(PATH))?.header('x-y')).toBe('z');
  });

  test('threat 25: a body larger than its bound is not read, whether it says its length or not', async () => {
    const up = await start(({ target }) =>
      target.includes('chunked')
        ? { write: (response) => void writeForever(response) }
        : { headers: { 'content-length': '1001' }, write: (response) => response.flushHeaders() },
    );
    const client = connect(up.url);
    for (const query of ['?chunked', '?length']) {
      await expect(client.get(PATH, { query, maxBytes: 1_000 })).rejects.toMatchObject({
        code: 'too-large',
      });
    }
  });

  test('threat 22: an encoded body is refused', async () => {
    const up = await start(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('{}'),
    }));
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('threat 22: a truncated body fails, chunked or not', async () => {
    const up = await start(({ target }) => ({
      headers: target.includes('chunked') ? {} : { 'content-length': '100' },
      write(response) {
        response.write('half');
        setImmediate(() => response.destroy());
      },
    }));
    const client = connect(up.url, { limits: { retries: 0 } });
    for (const query of ['?chunked', '?length']) {
      await expect(client.get(PATH, { query })).rejects.toMatchObject({ code: 'unreachable' });
    }
  });

  test.each([
    ['what is no HTTP', 'nonsense\r\n\r\n'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ])('%s is a bad answer', async (_name, text) => {
    const up = await start(() => ({ write: (response) => void response.socket?.end(text) }));
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ code: 'bad-answer' });
    expect(up.requests).toHaveLength(1);
  });
});

async function writeForever(response: ServerResponse): Promise<void> {
  while (!response.destroyed && response.write('x'.repeat(500))) await delay(1);
}

describe('failures', () => {
  test.each([429, 500, 502, 503, 504])('%d is tried again', async (status) => {
    const answers = [{ status }, { status }, { body: 'ok' }];
    const up = await start(() => answers.shift());
    expect((await connect(up.url).get(PATH))?.bytes.byteLength).toBe(2);
    expect(up.requests).toHaveLength(3);
  });

  test('a connection that breaks is tried again', async () => {
    const answers: FakeAnswer[] = [{ write: (response) => response.destroy() }, { body: 'ok' }];
    const up = await start(() => answers.shift());
    expect((await connect(up.url).get(PATH))?.bytes.byteLength).toBe(2);
  });

  test.each([400, 403, 501, 204, 206, 304])('%d stands', async (status) => {
    const up = await start(() => ({ status }));
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ code: 'status', status });
    expect(up.requests).toHaveLength(1);
  });

  test('Retry-After is kept to, and too long a wait is not begun', async () => {
    const up = await start(() => ({ status: 503, headers: { 'retry-after': '3600' } }));
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ retryAfter: 3_600_000 });
    expect(up.requests).toHaveLength(1);
  });

  test('nobody listens', async () => {
    const up = await start(() => undefined);
    await up.stop();
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('silence ends in time, before the headers and between the bytes', async () => {
    const up = await start(({ target }) =>
      target.includes('half') ? { write: (response) => response.write('half') } : { write() {} },
    );
    const client = connect(up.url, { limits: { headers: 100, idle: 100 } });
    await expect(client.get(PATH, { query: '?half' })).rejects.toMatchObject({ code: 'timeout' });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('an answer that drips is given up as a whole', async () => {
    const up = await start(() => ({ write: (response) => void writeForever(response) }));
    const client = connect(up.url, { limits: { whole: 100 } });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('whoever does not want the answer any more gets none', async () => {
    const abort = new AbortController();
    const up = await start(() => {
      abort.abort();
      return { write() {} };
    });
    await expect(connect(up.url).get(PATH, { signal: abort.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    const busy = await start(() => ({ status: 503, headers: { 'retry-after': '10' } }));
    const waiting = connect(busy.url).get(PATH, { signal: AbortSignal.timeout(100) });
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });
});
