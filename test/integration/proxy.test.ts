// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { sha256Of, someManifest } from '../support/image-documents.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const MANIFEST = someManifest();
const SMALL = Buffer.from('a small blob');
const LARGE = Buffer.alloc(300_000, 'large ');
const BLOBS = [SMALL, LARGE];
const pathOf = (blob: Uint8Array) => `/v2/a/blobs/${sha256Of(blob)}`;
const BASIC = (password: string) => `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`;

let folder = '';
const opened: Array<() => Promise<unknown>> = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-proxy-'));
  await writeFile(join(folder, 'password'), 'hunter2\n');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
  await rm(folder, { recursive: true, force: true });
});

type Answer = Parameters<typeof startFakeUpstream>[0];

async function serverOf(answer: Answer): Promise<FakeUpstream> {
  const server = await startFakeUpstream(answer);
  opened.push(server.stop);
  return server;
}

/** A registry that holds one manifest and the blobs. */
const registry: Answer = ({ target }) => {
  const { pathname } = new URL(target, 'http://up');
  if (/\/manifests\/(?:v1|sha256:[0-9a-f]+)$/.test(pathname)) {
    const headers = {
      'content-type': MANIFEST.mediaType,
      'docker-content-digest': MANIFEST.digest,
    };
    return { headers, body: MANIFEST.bytes };
  }
  if (pathname.endsWith('/tags/list')) return json({ name: pathname.slice(4, -10), tags: ['v1'] });
  const blob = BLOBS.find((one) => pathname.endsWith(`/${sha256Of(one)}`));
  return blob && { headers: { 'content-length': String(blob.length) }, body: blob };
};

/** The same, for those who say who they are. */
const privately =
  (password: () => string, answer = registry): Answer =>
  (request) =>
    request.authorization === BASIC(password())
      ? answer(request)
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };

interface Given {
  readonly upstream: string;
  readonly upstreamMore?: string;
  readonly backend?: string;
  readonly rules?: string;
  readonly more?: string;
}

async function frontOf(given: Given): Promise<RunningFront> {
  const { upstream, upstreamMore = '', backend, more = '' } = given;
  const { rules = '{ deliver: proxy, blobs: [near] }' } = given;
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
clientAddress: { trustedProxyHops: 1 }
upstreams: [{ name: main, url: "${upstream}"${upstreamMore} }]
backends: [{ name: near, url: "${backend ?? upstream}" }]
routing: [${rules}]
shutdown: { grace: 50ms }
log: { sample: 0 }
${more}`,
  );
  const front = await startFront(['--config', file]);
  opened.push(() => front.stop());
  return front;
}

const PRIVATE = ', deliver: proxy, credentials: { username: robot, passwordFile: password }';
const FROM_UPSTREAM = '{ blobs: [upstream] }';

function ask(front: RunningFront, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${front.url}${path}`, { redirect: 'manual', ...init });
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

describe('an upstream that takes credentials', () => {
  const private_ = async (password = () => 'hunter2') => {
    const up = await serverOf(privately(password));
    const given = { upstream: up.url, upstreamMore: PRIVATE, rules: FROM_UPSTREAM };
    return { up, front: await frontOf(given) };
  };

  test.each(['v1', MANIFEST.digest])(
    'gives its manifest %s to a client without any',
    async (name) => {
      const { front } = await private_();
      const answer = await ask(front, `/v2/a/manifests/${name}`);
      expect(answer.status).toBe(200);
      expect(await bytesOf(answer)).toEqual(Buffer.from(MANIFEST.bytes));
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': MANIFEST.mediaType,
        'docker-content-digest': MANIFEST.digest,
        etag: `"${MANIFEST.digest}"`,
        'x-archeion-route': 'main; reason=manifest; client=unreadable',
      });
    },
  );

  test('gives its blobs, whole and by range, and its list of tags', async () => {
    const { front } = await private_();
    expect(await bytesOf(await ask(front, pathOf(LARGE)))).toEqual(LARGE);
    const list = await ask(front, '/v2/a/tags/list');
    expect(await list.json()).toEqual({ name: 'a', tags: ['v1'] });
  });

  test.each([
    ['a blob', pathOf(LARGE), String(LARGE.length)],
    ['a manifest', '/v2/a/manifests/v1', String(MANIFEST.bytes.length)],
  ])('answers HEAD of %s with its length', async (_, path, length) => {
    const { front } = await private_();
    const answer = await ask(front, path, { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(length);
    expect(answer.headers.get('docker-content-digest')).toMatch(/^sha256:/);
  });

  test('a client that has the manifest already is told so', async () => {
    const { front } = await private_();
    const headers = { 'if-none-match': `"${MANIFEST.digest}"` };
    expect((await ask(front, '/v2/a/manifests/v1', { headers })).status).toBe(304);
  });

  test('a password that is replaced in its file is used from then on', async () => {
    let password = 'hunter2';
    const { front } = await private_(() => password);
    expect((await ask(front, '/v2/a/manifests/v1')).status).toBe(200);
    password = 'renewed';
    expect((await ask(front, '/v2/a/manifests/v1')).status).toBe(502);
    await writeFile(join(folder, 'password'), password);
    expect((await ask(front, '/v2/a/manifests/v1')).status).toBe(200);
  });

  test('threat 31: a password is in no answer, no log line and no configuration that is shown', async () => {
    const { front } = await private_(() => 'another');
    const answer = await ask(front, '/v2/a/manifests/v1');
    const lines = JSON.stringify(await front.logged('proxy-failed'));
    const shown = JSON.stringify([...answer.headers]) + (await answer.text()) + lines;
    expect(answer.status).toBe(502);
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain(BASIC('hunter2').slice('Basic '.length));
  });

  test('threat 5: credentials stay with the upstream, wherever it leads', async () => {
    const elsewhere = await serverOf(registry);
    const up = await serverOf(
      privately(
        () => 'hunter2',
        ({ target }) => ({ status: 307, headers: { location: `${elsewhere.url}${target}` } }),
      ),
    );
    const given = { upstream: up.url, upstreamMore: PRIVATE, rules: FROM_UPSTREAM };
    const front = await frontOf(given);
    // To a private address that only the wire names, not even without them.
    expect((await ask(front, pathOf(SMALL))).status).toBe(502);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('ranges', () => {
  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=299990-', 299_990, 300_000],
    ['bytes=-5', 299_995, 300_000],
  ])('%s is a part, marked as unchecked', async (range, first, end) => {
    const up = await serverOf((request) => {
      const answer = registry(request);
      const contentRange = `bytes ${first}-${end - 1}/${LARGE.length}`;
      const headers = { 'content-range': contentRange, 'content-length': String(end - first) };
      return answer && { status: 206, headers, body: LARGE.subarray(first, end) };
    });
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const answer = await ask(front, pathOf(LARGE), { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/300000`);
    expect(answer.headers.get('x-archeion-unchecked')).toBe('range');
    expect(await bytesOf(answer)).toEqual(LARGE.subarray(first, end));
  });

  test('an upstream that sends the whole instead is passed on as it is', async () => {
    const up = await serverOf(registry);
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const answer = await ask(front, pathOf(SMALL), { headers: { range: 'bytes=0-3' } });
    expect(answer.status).toBe(200);
    expect(await bytesOf(answer)).toEqual(SMALL);
  });

  test('a range past the end is 416', async () => {
    const up = await serverOf(() => ({ status: 416 }));
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const answer = await ask(front, pathOf(SMALL), { headers: { range: 'bytes=900-' } });
    expect(answer.status).toBe(416);
  });
});

const CORRUPT: ReadonlyArray<readonly [string, FakeAnswer]> = [
  ['other bytes', { headers: { 'content-length': '12' }, body: 'another blob' }],
  ['nothing', { headers: { 'content-length': '0' }, body: '' }],
  [
    'an end too early',
    { headers: { 'content-length': '12' }, write: (to) => to.write('a sm', () => to.destroy()) },
  ],
  ['gzip', { headers: { 'content-encoding': 'gzip', 'content-length': '12' }, body: SMALL }],
  [
    'another range',
    {
      status: 206,
      headers: { 'content-range': 'bytes 4-7/12', 'content-length': '4' },
      body: 'mall',
    },
  ],
  ['an error', { status: 500 }],
  ['a refusal', { status: 403 }],
];

describe('threat 22: a place that sends', () => {
  test.each(CORRUPT)('%s is passed over for the upstream', async (_, corrupt) => {
    const up = await serverOf(registry);
    const near = await serverOf(({ method }) =>
      method === 'HEAD' ? { headers: { 'content-length': '12' } } : corrupt,
    );
    const front = await frontOf({ upstream: up.url, backend: near.url });
    const answer = await ask(front, pathOf(SMALL), { headers: { range: 'bytes=0-3' } });
    expect(await bytesOf(answer)).toEqual(SMALL);
    expect(answer.headers.get('x-archeion-route')).toMatch(/^main;/);
  });

  test.each(CORRUPT)('%s, and is the only one, is no 200', async (_, corrupt) => {
    const up = await serverOf(() => corrupt);
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const answer = await ask(front, pathOf(SMALL), { headers: { range: 'bytes=0-3' } });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNKNOWN' }] });
  });

  test('a large blob of other bytes never comes to its end', async () => {
    const other = Buffer.alloc(LARGE.length, 'other ');
    const up = await serverOf(() => ({
      headers: { 'content-length': String(other.length) },
      body: other,
    }));
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const { received, isWhole } = await readRaw(`${front.url}${pathOf(LARGE)}`);
    expect(isWhole).toBe(false);
    expect(received).toBeLessThanOrEqual(LARGE.length - 65_536);
  });

  test('another digest to HEAD than the one asked for is no 200', async () => {
    const headers = {
      'content-type': MANIFEST.mediaType,
      'content-length': '2',
      'docker-content-digest': MANIFEST.digest,
    };
    const up = await serverOf(() => ({ headers }));
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const path = `/v2/a/manifests/${sha256Of('another')}`;
    expect((await ask(front, path, { method: 'HEAD' })).status).toBe(502);
  });

  test('a manifest of other bytes than its digest is no 200', async () => {
    const body = JSON.stringify({ schemaVersion: 2 });
    const up = await serverOf(() => ({ headers: { 'content-type': MANIFEST.mediaType }, body }));
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    expect((await ask(front, `/v2/a/manifests/${MANIFEST.digest}`)).status).toBe(502);
  });
});

/** What a client that reads as much as it can gets of an answer. */
function readRaw(url: string): Promise<{ received: number; isWhole: boolean }> {
  return new Promise((resolve) => {
    get(url, (answer) => {
      let received = 0;
      answer.on('data', (chunk: Buffer) => (received += chunk.length));
      answer.on('error', () => {});
      answer.on('close', () => resolve({ received, isWhole: answer.complete }));
    }).on('error', () => {});
  });
}

describe('what is nowhere', () => {
  test.each([
    [pathOf(Buffer.from('nowhere')), 'BLOB_UNKNOWN'],
    ['/v2/a/manifests/v2', 'MANIFEST_UNKNOWN'],
  ])('%s is 404', async (path, code) => {
    const up = await serverOf(registry);
    const front = await frontOf({ upstream: up.url });
    const answer = await ask(front, path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ errors: [{ code }] });
  });

  test.each([
    [{ status: 404 }, 404],
    [{ headers: { 'content-type': 'text/html' }, body: '<p>' }, 502],
  ])('a list that is %j is no redirect', async (given, status) => {
    const up = await serverOf(() => given);
    const front = await frontOf({ upstream: up.url });
    expect((await ask(front, '/v2/a/tags/list')).status).toBe(status);
  });

  test('an upstream that limits its clients has its limit passed on', async () => {
    const up = await serverOf(() => ({ status: 429, headers: { 'retry-after': '30' } }));
    const front = await frontOf({ upstream: up.url });
    const answer = await ask(front, '/v2/a/manifests/v1');
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('30');
  });
});

/** Sends without an end, as fast as it is taken. */
function endless(): { answer: Answer; sent: () => number } {
  let sent = 0;
  const chunk = Buffer.alloc(65_536);
  const answer: Answer = () => ({
    write(response) {
      const more = () => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', more);
      more();
    },
  });
  return { answer, sent: () => sent };
}

function slowClient(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => resolve(answer.pause().on('error', () => {}))).on('error', reject);
  });
}

describe('many at once', () => {
  test('a client that does not read stops the upstream', async () => {
    const source = endless();
    const up = await serverOf(source.answer);
    const front = await frontOf({ upstream: up.url, rules: '{ deliver: proxy }' });
    const client = await slowClient(`${front.url}${pathOf(LARGE)}`);
    await sleep(300);
    const sent = source.sent();
    await sleep(300);
    expect(source.sent()).toBe(sent);
    client.destroy();
  });

  test('beyond maxConcurrentProxied there is 503, until one of them is over or gone', async () => {
    const source = endless();
    const up = await serverOf(source.answer);
    const rules = '{ deliver: proxy }';
    const front = await frontOf({ upstream: up.url, rules, more: 'maxConcurrentProxied: 1' });
    const client = await slowClient(`${front.url}${pathOf(LARGE)}`);
    const refused = await ask(front, pathOf(LARGE));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    client.destroy();
    await expect
      .poll(async () => {
        const again = await slowClient(`${front.url}${pathOf(LARGE)}`);
        again.destroy();
        return again.statusCode;
      })
      .toBe(200);
  });
});

describe('who gets what', () => {
  const rules = `
  { client: { prefixes: [192.0.2.0/24] }, deliver: deny, help: "https://example.org/why" },
  { client: { prefixes: ["2001:db8::/32"] }, deliver: proxy },
  { blobs: [upstream] }`;
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  test.each([pathOf(SMALL), '/v2/a/manifests/v1', '/v2/a/tags/list'])(
    'a prefix may be denied %s',
    async (path) => {
      const up = await serverOf(registry);
      const front = await frontOf({ upstream: up.url, rules });
      const answer = await ask(front, path, from('192.0.2.7'));
      expect(answer.status).toBe(403);
      expect(answer.headers.get('link')).toBe('<https://example.org/why>; rel="help"');
      expect(await answer.json()).toMatchObject({
        errors: [{ code: 'DENIED', message: expect.stringContaining('https://example.org/why') }],
      });
      expect(up.requests).toEqual([]);
    },
  );

  test('of three clients one is denied, one has it fetched and one is sent there', async () => {
    const up = await serverOf(registry);
    const front = await frontOf({ upstream: up.url, rules });
    const statuses = await Promise.all(
      ['192.0.2.7', '2001:db8::7', '198.51.100.7'].map(async (address) => {
        const answer = await ask(front, pathOf(SMALL), from(address));
        return answer.status;
      }),
    );
    expect(statuses).toEqual([403, 200, 307]);
  });

  test('explain says where it is fetched from', async () => {
    const up = await serverOf(registry);
    const front = await frontOf({ upstream: up.url, rules });
    const query = new URLSearchParams({ path: pathOf(SMALL), address: '2001:db8::7' });
    const answer = await fetch(`${front.adminUrl}/explain?${query}`);
    expect(await answer.json()).toMatchObject({
      answer: { status: 200, by: 'main', from: `${up.url}${pathOf(SMALL)}` },
    });
  });
});
