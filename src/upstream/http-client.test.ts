// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { openUpstream } from './http-client.ts';
import type { WireRequest } from './transport.ts';

interface Said {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const SECRET = 'hunter2-secret';

/** A client of an https registry whose whole world answers as the test says, by address. */
function world(answers: Readonly<Record<string, Said>>) {
  const sent: Array<Pick<WireRequest, 'method' | 'headers'> & { url: string }> = [];
  const logged: unknown[] = [];
  const client = openUpstream({
    origin: 'https://up.example',
    credentials: async () => ({ username: 'robot', password: SECRET }),
    log: { info() {}, warn: (event, fields) => logged.push({ event, ...fields }), error() {} },
    ports: {
      random: () => 0,
      sleep: async () => undefined,
      transport: {
        async send({ url, method, headers }) {
          sent.push({ url: url.href, method, headers });
          const said = answers[url.origin + url.pathname] ?? { status: 404 };
          return {
            status: said.status,
            header: (name) => said.headers?.[name],
            body: pieces(said.body ?? ''),
            discard: async () => undefined,
          };
        },
        close: async () => undefined,
      },
    },
  });
  return { client, sent, logged };
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

const PATH = '/v2/a/manifests/latest';
const UP = 'https://up.example';

describe('a client of an https registry', () => {
  test('threat 5: is not led to http', async () => {
    const { client, sent } = world({
      [UP + PATH]: { status: 307, headers: { location: `http://up.example${PATH}` } },
    });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    expect(sent).toHaveLength(1);
  });

  test('threat 4: asks no http realm for a token', async () => {
    const realm = 'Bearer realm="http://up.example/token"';
    const { client, sent } = world({
      [UP + PATH]: { status: 401, headers: { 'www-authenticate': realm } },
    });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    expect(sent).toHaveLength(1);
  });

  test('threat 4: asks another host anonymously, and says so in the log', async () => {
    const { client, sent, logged } = world({
      [UP + PATH]: {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="https://auth.example/token"' },
      },
      'https://auth.example/token': { status: 200, body: '{"token":"anonymous"}' },
    });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    expect(sent.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
      [UP + PATH, undefined],
      ['https://auth.example/token?scope=repository%3Aa%3Apull', undefined],
      [UP + PATH, 'Bearer anonymous'],
    ]);
    expect(logged).toEqual([
      { event: 'credentials-withheld', upstream: UP, realm: 'auth.example' },
    ]);
  });

  test('threat 31: no error shows a credential or a signed query', async () => {
    const { client } = world({
      [UP + PATH]: {
        status: 307,
        headers: { location: 'https://cdn.example/x?X-Signature=abcdef' },
      },
      'https://cdn.example/x': { status: 403 },
    });
    const error = await client
      .get(PATH, { query: '?token=abcdef' })
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('https://cdn.example/x');
    expect(String(error)).not.toMatch(/abcdef|hunter2/);
  });

  test.each([
    '/v2/a/../../etc/passwd',
    '/v2/a/%2e%2e/b',
    '/v2/a?x=1',
    '/v2/a#x',
    '/v2/a\\b',
    '@evil.example/v2/a',
    '.evil.example/v2/a',
    ':80/v2/a',
    'v2/a',
    '',
  ])('threat 16: "%s" is no path and nothing is asked', async (path) => {
    const { client, sent } = world({});
    await expect(client.get(path)).rejects.toMatchObject({ code: 'invalid-reference' });
    expect(sent).toEqual([]);
  });

  test('five redirects are followed, six are not', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, at): [string, Said] => [
        `${UP}/v2/${at}`,
        { status: 302, headers: { location: `/v2/${at + 1}` } },
      ]),
    );
    const end = { [`${UP}/v2/9`]: { status: 200, body: 'end' } };
    expect((await world({ ...chain, ...end }).client.get('/v2/4'))?.bytes).toEqual(
      Buffer.from('end'),
    );
    await expect(world({ ...chain, ...end }).client.get('/v2/3')).rejects.toMatchObject({
      code: 'bad-answer',
    });
  });
});
