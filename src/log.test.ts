// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { openLog } from './log.ts';

function logged(write: (log: ReturnType<typeof openLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(openLog('info', (line) => lines.push(line)));
  return lines.map((line) => JSON.parse(line));
}

test('an event is one JSON line with its level, its name and its fields', () => {
  expect(logged((log) => log.warn('reload-refused', { key: 'listen' }))).toEqual([
    { level: 'warn', time: expect.any(String), event: 'reload-refused', key: 'listen' },
  ]);
});

test('a log may have fields of its own, which every line says', () => {
  const lines: string[] = [];
  openLog('info', (line) => lines.push(line), { worker: 2 }).info('listening', { port: 1 });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'listening', worker: 2, port: 1 });
});

test('below its level nothing is written', () => {
  const lines: string[] = [];
  const log = openLog('error', (line) => lines.push(line));
  log.info('a');
  log.warn('b');
  log.error('c', new Error('c'));
  expect(lines).toHaveLength(1);
});

test('an error is logged with its type, code, message and stack, and so are its causes', () => {
  const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' });
  const [line] = logged((log) => log.error('failed', new Error('outer', { cause }), { to: 'x' }));
  expect(line).toMatchObject({
    to: 'x',
    err: {
      type: 'Error',
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { type: 'TypeError', code: 'ECONNREFUSED', message: 'inner' },
    },
  });
});

test('what is no error is logged all the same', () => {
  const [line] = logged((log) => log.error('failed', 'text'));
  expect(line).toMatchObject({ err: { message: 'text' } });
});

test('a chain of causes that bites its tail ends', () => {
  const error = new Error('loop');
  error.cause = error;
  expect(logged((log) => log.error('failed', error))).toHaveLength(1);
});

test.each([
  [
    'a request that a library hung on its error',
    { config: { headers: { authorization: 'tulip' } } },
  ],
  ['the user information of a URL', { message: 'cannot reach https://robot:tulip@host/v2/' }],
  ['a signed URL', { message: 'GET https://host/blob?X-Signature=tulip&x=1 failed' }],
  ['a signed path', { message: 'GET "/blob?sig=tulip" failed' }],
  ['a bearer token', { message: 'refused "Bearer tulip.tulip.tulip"' }],
  ['basic credentials', { message: 'sent authorization: basic dHVsaXAtdHVsaXA=', hint: 'tulip' }],
])('threat 31: %s is not logged with the error', (_, fields) => {
  const error = Object.assign(new Error('failed'), fields);
  const [line] = logged((log) => log.error('failed', new Error('outer', { cause: error })));
  expect(JSON.stringify(line)).not.toMatch(/tulip|dHVsaXA/);
});
