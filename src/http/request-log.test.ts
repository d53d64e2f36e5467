// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../test/support/property-runs.ts';
import { openLog, silentLog } from '../log.ts';
import { loggedPath, type RequestEntry, requestLog } from './request-log.ts';

const ENTRY: RequestEntry = {
  method: 'GET',
  target: '/v2/pause/tags/list?n=1',
  status: 307,
  milliseconds: 1.2345,
  bytes: 12,
  requestId: 'id-1',
  aborted: false,
  facts: { by: 'dublin', reason: 'same-region' },
};

test('a line holds the exchange and what the handler added, and not the query', () => {
  const lines: string[] = [];
  requestLog(
    'front',
    1,
    openLog('info', (line) => lines.push(line)),
  ).write(ENTRY);
  const { time, ...line } = JSON.parse(lines[0] ?? '');
  expect(line).toEqual({
    level: 'info',
    event: 'request',
    server: 'front',
    method: 'GET',
    path: '/v2/pause/tags/list',
    status: 307,
    ms: 1.2,
    bytes: 12,
    requestId: 'id-1',
    by: 'dublin',
    reason: 'same-region',
  });
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('a line says when the client went away early', () => {
  const lines: string[] = [];
  requestLog(
    'front',
    1,
    openLog('info', (line) => lines.push(line)),
  ).write({ ...ENTRY, aborted: true });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ aborted: true });
});

test.each([
  [0, 0],
  [0.01, 10],
  [0.3, 300],
  [1, 1000],
])('of successful requests the share %d is logged', (sample, expected) => {
  const { wants } = requestLog('front', sample, silentLog);
  const logged = Array.from({ length: 1000 }, () => wants(307)).filter(Boolean).length;
  expect(Math.abs(logged - expected)).toBeLessThanOrEqual(1);
});

test('every status from 400 on is logged, and does not count towards the share', () => {
  const { wants } = requestLog('front', 0.5, silentLog);
  expect([400, 404, 499, 500].map(wants)).toEqual([true, true, true, true]);
  expect([200, 200, 200, 200].map(wants)).toEqual([false, true, false, true]);
});

test('a client that is refused for asking too often fills no log', () => {
  const { wants } = requestLog('front', 0.5, silentLog);
  expect([429, 429, 429, 429].map(wants)).toEqual([false, true, false, true]);
});

test.each([
  ['/v2/a/b?token=secret', '/v2/a/b'],
  ['/v2/a#secret', '/v2/a'],
  ['/v2/a#x?secret', '/v2/a'],
  ['http://user:secret@host/v2/', '/v2/'],
  ['HTTPS://user:secret@host?token=secret', ''],
  ['/v2/a\r\nlevel', '/v2/a??level'],
  ['/v2/é', '/v2/?'],
  ['*', '*'],
  [`/${'a'.repeat(300)}`, `/${'a'.repeat(255)}…`],
])('of the target %j the path %j is logged', (target, path) => {
  expect(loggedPath(target)).toBe(path);
});

test('whatever the target, the logged path is short, visible ASCII, without a query', () => {
  const target = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.webUrl({ withQueryParameters: true }),
  );
  fc.assert(
    fc.property(target, (text) => {
      expect(loggedPath(text)).toMatch(/^[\x21\x22\x24-\x7e]{0,256}…?$/);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
