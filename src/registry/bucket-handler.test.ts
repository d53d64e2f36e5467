// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { someRequest } from '../../test/support/registry-requests.ts';
import type { HttpAnswer, HttpRequest } from '../protocol/http.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { bucketHandler } from './bucket-handler.ts';

const KEY = `containers/images/sha256:${'ab'.repeat(32)}`;

async function ask(target: string, method = 'GET', range?: string): Promise<HttpAnswer> {
  const storage = memoryDriver();
  await storage.write(KEY, 'hello');
  const request: HttpRequest = {
    method,
    target,
    header: (name) => (name === 'range' ? range : undefined),
    peer: '127.0.0.1',
    body: (async function* () {})(),
    signal: new AbortController().signal,
  };
  return bucketHandler(storage)(request);
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part); // it always streams
  return Buffer.concat(parts).toString();
}

describe('a backend of our own', () => {
  test.each([`/${KEY}`, `/${KEY.replace(':', '%3A')}`, `/${KEY}?x=1`])(
    'serves %s',
    async (target) => {
      const answer = await ask(target);
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.headers.join()).toContain('Content-Length,5');
      expect(await textOf(answer)).toBe('hello');
    },
  );

  test('HEAD has the headers and no body', async () => {
    const answer = await ask(`/${KEY}`, 'HEAD');
    expect(answer.headers.join()).toContain('Content-Length,5');
    expect(await textOf(answer)).toBe('');
  });

  test.each([
    { range: 'bytes=1-3', status: 206, text: 'ell', contentRange: 'bytes 1-3/5' },
    { range: 'bytes=-2', status: 206, text: 'lo', contentRange: 'bytes 3-4/5' },
    { range: 'bytes=2-', status: 206, text: 'llo', contentRange: 'bytes 2-4/5' },
  ])('a range: $range', async ({ range, status, text, contentRange }) => {
    const answer = await ask(`/${KEY}`, 'GET', range);
    expect(answer.status).toBe(status);
    expect(answer.headers).toContain(contentRange);
    expect(await textOf(answer)).toBe(text);
  });

  test('a range behind the end is 416, with the size', async () => {
    const answer = await ask(`/${KEY}`, 'GET', 'bytes=5-');
    expect(answer).toMatchObject({ status: 416, headers: ['Content-Range', 'bytes */5'] });
  });

  test.each(['/', '/nothing', '/%zz', '/..%2f..%2fetc%2fpasswd', '/a//b', '/%00', '*'])(
    '%s is not there',
    async (target) => {
      await expect(ask(target)).rejects.toMatchObject({ status: 404 });
    },
  );

  test('threat 31: the secrets of a registry over the same store are not served', async () => {
    const storage = memoryDriver();
    await storage.write('access/token-key', 'secret');
    const handler = bucketHandler(storage);
    for (const target of ['/access/token-key', '/access%2Ftoken-key', '/%61ccess/token-key']) {
      await expect(handler(someRequest(target))).rejects.toMatchObject({ status: 404 });
    }
  });

  test.each(['PUT', 'DELETE', 'POST'])('%s is not allowed', async (method) => {
    await expect(ask(`/${KEY}`, method)).rejects.toMatchObject({ status: 405 });
  });
});
