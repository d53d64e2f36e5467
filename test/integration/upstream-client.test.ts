// SPDX-License-Identifier: Apache-2.0
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { openUpstream } from '../../src/upstream/http-client.ts';
import type { UpstreamClient, UpstreamOptions } from '../../src/upstream/upstream-client.ts';
import {
  bearerChallenge,
  type CapturedRequest,
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';

const PATH = '/v2/a/manifests/latest';
const BASIC = `Basic ${Buffer.from('robot:hunter2').toString('base64')}`;

const opened: Array<{ stop(): Promise<void> }> = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
});

async function start(
  answer: (request: CapturedRequest) => FakeAnswer | undefined,
): Promise<FakeUpstream> {
  const server = await startFakeUpstream(answer);
  opened.push(server);
  return server;
}

/** A client with credentials that waits for nobody. */
function connect(origin: string, options: Partial<UpstreamOptions> = {}): UpstreamClient {
  const client = openUpstream({
    origin,
    credentials: async () => ({ username: 'robot', password: 'hunter2' }),
    ...options,
    limits: { backoff: 1, ...options.limits },
  });
  opened.push({ stop: () => client.close() });
  return client;
}

function authorizations({ requests }: FakeUpstream): Array<string | undefined> {
  return requests.map(({ authorization }) => authorization);
}

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

async function writeForever(response: import('node:http').ServerResponse): Promise<void> {
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

describe('credentials', () => {
  /** A registry that wants a token from `realm`, which may be itself. */
  function wantsToken(realm: string, token: string) {
    return ({ authorization, target }: CapturedRequest): FakeAnswer | undefined => {
      if (target.startsWith('/token')) return json({ token });
      return authorization === `Bearer ${token}` ? { body: 'ok' } : bearerChallenge(realm);
    };
  }

  test('nothing is sent before it is asked for, and Basic goes to the origin only', async () => {
    const up = await start(({ authorization }) =>
      authorization === BASIC
        ? { body: 'ok' }
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
    );
    const client = connect(up.url);
    await client.get(PATH);
    await client.get(PATH);
    expect(authorizations(up)).toEqual([undefined, BASIC, BASIC]);
  });

  test('a token is asked for once, for the repository at hand, and used until it is over', async () => {
    let time = 0;
    const up: FakeUpstream = await start((request) =>
      wantsToken(`${up.url}/token`, 'good')(request),
    );
    const client = connect(up.url, { ports: { now: () => time } });
    await Promise.all([client.get(PATH), client.get(PATH), client.get(PATH)]);
    await client.get(PATH);
    const tokens = () => up.requests.filter(({ target }) => target.startsWith('/token'));
    expect(tokens().map(({ target, authorization }) => [target, authorization])).toEqual([
      ['/token?service=registry&scope=repository%3Aa%3Apull', BASIC],
    ]);
    expect(authorizations(up).at(-1)).toBe('Bearer good');
    time = 50_000;
    await client.get(PATH);
    expect(tokens()).toHaveLength(2);
  });

  test('a token that is not taken any more is replaced', async () => {
    const tokens = ['first', 'second'];
    let current = '';
    const up: FakeUpstream = await start((request) => {
      if (request.target.startsWith('/token')) current = tokens.shift() ?? '';
      return wantsToken(`${up.url}/token`, current)(request);
    });
    const client = connect(up.url);
    await client.get(PATH);
    current = 'revoked';
    await client.get(PATH);
    expect(authorizations(up).slice(-3)).toEqual(['Bearer first', BASIC, 'Bearer second']);
  });

  test('without credentials the token is asked for anonymously', async () => {
    const up: FakeUpstream = await start((request) =>
      wantsToken(`${up.url}/token`, 'free')(request),
    );
    const found = await connect(up.url, { credentials: async () => undefined }).get(PATH);
    expect(found?.bytes.byteLength).toBe(2);
    expect(authorizations(up)).toEqual([undefined, undefined, 'Bearer free']);
  });

  test('a token service of another host gets them when the configuration names it', async () => {
    const auth = await start(wantsToken('', 'good'));
    const up = await start(wantsToken(`${auth.url}/token`, 'good'));
    const found = await connect(up.url, { tokenHosts: [auth.host] }).get(PATH);
    expect(found?.bytes.byteLength).toBe(2);
    expect(authorizations(auth)).toEqual([BASIC]);
  });

  test.each([
    ['no challenge', undefined],
    ['a malformed challenge', 'Bearer realm="x'],
    ['an unknown scheme', 'Digest realm="x"'],
    ['Basic again and again', 'Basic realm="x"'],
    ['a Bearer without realm', 'Bearer service="x"'],
  ])('%s ends in an error that says so', async (_name, challenge) => {
    const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
    const up = await start(() => ({ status: 401, headers }));
    const error = await connect(up.url)
      .get(PATH)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^(unauthorized|bad-answer)$/) });
    expect(up.requests.length).toBeLessThan(4);
  });

  test.each([
    ['refuses', { status: 403 }, 'unauthorized'],
    ['fails', { status: 500 }, 'status'],
    ['redirects', { status: 307, headers: { location: 'https://evil.example/' } }, 'status'],
    ['talks nonsense', { body: '<html>' }, 'bad-answer'],
    ['never stops', { body: 'x'.repeat(70_000) }, 'too-large'],
  ])('threat 4: a realm that %s ends in an error', async (_name, answer, code) => {
    const up: FakeUpstream = await start(({ target }) =>
      target.startsWith('/token') ? answer : bearerChallenge(`${up.url}/token`),
    );
    const client = connect(up.url, { limits: { retries: 0 } });
    await expect(client.get(PATH)).rejects.toMatchObject({ code });
  });
});

describe('a hostile upstream', () => {
  const leadTo = (location: string): FakeAnswer => ({ status: 307, headers: { location } });

  test('threat 5: a redirect to another origin carries no Authorization, nor does the way back', async () => {
    const evil: FakeUpstream = await start(() => leadTo(`${up.url}/v2/secret/manifests/x`));
    const up: FakeUpstream = await start(({ authorization, target }) => {
      if (target.startsWith('/v2/secret')) return { body: 'ok' };
      const challenge = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
      return authorization === BASIC ? leadTo(`${evil.url}/x`) : challenge;
    });
    await connect(up.url, { allowPrivateHosts: [evil.host] }).get(PATH);
    expect(authorizations(evil)).toEqual([undefined]);
    expect(authorizations(up)).toEqual([undefined, BASIC, undefined]);
  });

  test('threat 5: another origin that asks for credentials gets none', async () => {
    const evil = await start(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="x"' },
    }));
    const up = await start(() => leadTo(`${evil.url}/x`));
    const client = connect(up.url, { allowPrivateHosts: [evil.host] });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(authorizations(evil)).toEqual([undefined]);
  });

  test('threat 5: a redirect within another origin does not make it the origin', async () => {
    const evil: FakeUpstream = await start(({ target }) =>
      target === '/x'
        ? leadTo('/y')
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
    );
    const up = await start(() => leadTo(`${evil.url}/x`));
    const client = connect(up.url, { allowPrivateHosts: [evil.host] });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(authorizations(evil)).toEqual([undefined, undefined]);
  });

  test('threat 4: a realm of another host gets no credentials, and may not be plain http', async () => {
    const evil = await start(() => json({ token: 'x' }));
    const up = await start(() => bearerChallenge(`${evil.url}/token`));
    const client = connect(up.url, { allowPrivateHosts: [evil.host] });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    expect(evil.requests).toEqual([]);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00:ec2::254]/',
    'http://[::1]/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://10.0.0.1/',
    'https://169.254.169.254/',
    'http://metadata.example/',
    'https://metadata.example/',
  ])('threat 5: %s is refused before a connection is opened', async (location) => {
    const up = await start(({ target }) =>
      target.includes('token') ? bearerChallenge(location) : leadTo(location),
    );
    const client = connect(up.url, { ports: { lookup: loopback } });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    await expect(client.get('/v2/token/tags/list')).rejects.toMatchObject({
      code: 'forbidden-host',
    });
  });

  test('threat 5: the port next door is another origin, and private', async () => {
    const next = await start(() => ({ body: 'internal' }));
    const up = await start(() => leadTo(`${next.url}/admin`));
    await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    expect(next.requests).toEqual([]);
  });

  test('threat 5: a name is looked up once: there is no second answer that nobody checks', async () => {
    const asked: string[] = [];
    const counted: LookupFunction = (hostname, options, callback) => {
      asked.push(hostname);
      loopback(hostname, options, callback);
    };
    const up = await start(() => leadTo('http://rebind.example/'));
    const client = connect(up.url, { ports: { lookup: counted } });
    await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
    expect(asked).toEqual(['rebind.example']);
  });
});

/** Every name is loopback. */
const loopback: LookupFunction = (_hostname, options, callback) => {
  const found = { address: '127.0.0.1', family: 4 };
  callback(null, options.all ? [found] : found.address, 4);
};
