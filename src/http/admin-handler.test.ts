// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { RegistryError } from '../core/oci/registry-error.ts';
import type { HttpRequest } from '../protocol/http.ts';
import { adminHandler } from './admin-handler.ts';

function get(target: string, options: { method?: string; accept?: string } = {}): HttpRequest {
  return {
    method: options.method ?? 'GET',
    target,
    header: (name) => (name === 'accept' ? options.accept : undefined),
    peer: '127.0.0.1',
    body: (async function* () {})(),
    signal: new AbortController().signal,
  };
}

const metrics = { expose: async () => 'up 1\n' };
const ready = adminHandler({ ready: () => [], metrics });
const notReady = adminHandler({ ready: () => ['upstream "us"', 'listeners'], metrics });

test('a process that answers is alive, ready or not', async () => {
  expect(await notReady(get('/livez'))).toMatchObject({ status: 200, body: 'ok\n' });
});

test('a process without a failing check is ready', async () => {
  expect(await ready(get('/readyz'))).toMatchObject({ status: 200, body: 'ok\n' });
});

test('a process with a failing check is not ready', async () => {
  expect(await notReady(get('/readyz'))).toMatchObject({ status: 503, body: 'not ready\n' });
});

test.each([
  ['?verbose', get('/readyz?verbose')],
  ['?a&verbose=1', get('/readyz?a&verbose=1')],
  ['Accept', get('/readyz', { accept: 'text/html, application/json' })],
])('asked with %s, readiness names the failing checks', async (_, request) => {
  const answer = await notReady(request);
  expect(answer.status).toBe(503);
  expect(JSON.parse(String(answer.body))).toEqual({
    ready: false,
    problems: ['upstream "us"', 'listeners'],
  });
});

test('what is amiss is named, and does not make a process unready', async () => {
  const degraded = adminHandler({ ready: () => [], degraded: () => ['1 of 2 lost'], metrics });
  expect(await degraded(get('/readyz'))).toMatchObject({ status: 200, body: 'ok\n' });
  const answer = await degraded(get('/readyz?verbose'));
  expect(answer.status).toBe(200);
  expect(JSON.parse(String(answer.body))).toEqual({ ready: true, problems: ['1 of 2 lost'] });
});

test('metrics are given in the text format', async () => {
  const answer = await ready(get('/metrics'));
  expect(answer.body).toBe('up 1\n');
  expect(answer.headers).toContain('text/plain; version=0.0.4; charset=utf-8');
});

test.each(['/livez', '/readyz', '/metrics'])(
  '%s answers HEAD, and refuses to be written to',
  async (path) => {
    expect((await ready(get(path, { method: 'HEAD' }))).status).toBe(200);
    const refused = expect.objectContaining({ status: 405, headers: ['Allow', 'GET, HEAD'] });
    expect(() => ready(get(path, { method: 'POST' }))).toThrow(refused);
  },
);

test('any other path is not found, unless somebody else answers it', async () => {
  expect(() => ready(get('/livez/'))).toThrow(RegistryError);
  expect(() => ready(get('/'))).toThrow(expect.objectContaining({ status: 404 }));
  const withPage = adminHandler({
    ready: () => [],
    metrics,
    otherwise: () => ({ status: 200, headers: [], body: 'page' }),
  });
  expect(await withPage(get('/'))).toMatchObject({ body: 'page' });
});
