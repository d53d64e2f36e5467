// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { RegistryError } from '../../src/core/oci/registry-error.ts';
import type { HttpAnswer, HttpRequest } from '../../src/protocol/http.ts';
import { head, sendRaw } from '../support/raw-http.ts';
import { startTestServer } from '../support/start-server.ts';

/** In every place a client puts credentials. */
const PLANTED = 'tulip-4711';

const OUTCOMES: Readonly<Record<string, (request: HttpRequest) => HttpAnswer>> = {
  '/redirect': () => ({ status: 307, headers: ['Location', 'https://example.org/'] }),
  '/refusal': () => {
    throw new RegistryError('DENIED', 'no', { cause: new Error(PLANTED) });
  },
  '/failure': (request) => {
    const url = `https://robot:${PLANTED}@example.org/blob?signature=${PLANTED}`;
    const cause = Object.assign(new Error(`cannot fetch ${url}`), { request });
    throw new Error(`sent "Authorization: ${request.header('authorization')}"`, { cause });
  },
  '/header': (request) => ({
    status: 307,
    headers: ['Location', `\n${request.header('authorization')}`],
  }),
  '/broken': () => ({ status: 200, headers: ['Content-Length', '1'], body: failing() }),
};

async function* failing(): AsyncIterable<Uint8Array> {
  yield* [];
  throw Object.assign(new Error('failed'), { config: { token: PLANTED } });
}

const LINES = [
  `Authorization: Bearer ${PLANTED}`,
  `Proxy-Authorization: Basic ${PLANTED}`,
  `Cookie: session=${PLANTED}`,
  `X-Registry-Auth: ${PLANTED}`,
  'Connection: close',
];

test.each([
  ...Object.keys(OUTCOMES).map((path) => [path, 'GET', LINES] as const),
  ['/refusal', 'HEAD', LINES],
  ['/malformed', 'GET', [...LINES, `X: ${PLANTED}\0`]],
  ['/malformed', 'GET', [...LINES, 'Host: two']],
  ['/too-large', 'GET', [...LINES, `X: ${'a'.repeat(17_000)}`]],
] as const)(
  'threat 31: planted secrets never reach a log line or an answer: %s by %s',
  async (path, method, lines) => {
    const { port, ...server } = await startTestServer((request) => {
      const outcome = OUTCOMES[new URL(request.target, 'http://test').pathname];
      return outcome?.(request) ?? { status: 404, headers: [] };
    });
    for (const origin of ['', `http://robot:${PLANTED}@test`]) {
      const { text } = await sendRaw(
        port,
        head(`${method} ${origin}${path}?token=${PLANTED}#${PLANTED} HTTP/1.1`, ...lines),
      );
      expect(text).not.toContain(PLANTED);
    }
    expect(server.lines.length).toBeGreaterThanOrEqual(2);
    expect(server.lines.join('\n')).not.toContain(PLANTED);
  },
);

test('threat 31: no log line holds the address of the client', async () => {
  const { port, lines } = await startTestServer(
    OUTCOMES['/refusal'] ?? (() => ({ status: 500, headers: [] })),
  );
  await sendRaw(port, head('GET / HTTP/1.1', 'X-Forwarded-For: 192.0.2.7', 'Connection: close'));
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toMatch(/127\.0\.0\.1|192\.0\.2\.7/);
});
