// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Diagnosis, diagnose } from '../../src/core/doctor/diagnose.ts';
import type { Observations } from '../../src/core/doctor/observation.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Target } from '../../src/doctor/target.ts';
import { type DoctorProbeOptions, openDoctorProbe } from '../../src/upstream/doctor-probe.ts';
import { type DoctorHost, type HostRequest, startDoctorHost } from '../support/doctor-host.ts';
import {
  CONFIG_DIGEST,
  LAYER_DIGEST,
  LAYER_SIZE,
  MANIFEST_DIGEST,
  serveBlobs,
  serveHello,
} from '../support/doctor-image.ts';
import { bearerChallenge, type FakeAnswer, json } from '../support/fake-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { MANIFEST_TYPE } from '../support/image-documents.ts';

// Long, and one file: every test is one more way in which the same pull fails, and tells it from the others.

interface Examined extends Diagnosis {
  readonly seen: Observations;
}

async function examined(
  origin: URL,
  target: Partial<Target> = {},
  options: Partial<DoctorProbeOptions> = {},
): Promise<Examined> {
  const probe = openDoctorProbe({
    origin,
    allowsPrivate: true,
    families: ['ipv4', 'ipv6'],
    limits: { connect: 1_000, headers: 300, idle: 300 },
    ...options,
  });
  try {
    const whole = { origin, repository: 'hello', reference: 'v1', isFull: false, ...target };
    const seen = await examine(whole, { ...probe, now: () => performance.now() });
    return { seen, ...diagnose(seen) };
  } finally {
    await probe.transport.close();
  }
}

function answering(
  pattern: RegExp,
  answer: FakeAnswer | ((request: HostRequest) => FakeAnswer | undefined),
) {
  const special = typeof answer === 'function' ? answer : () => answer;
  return (request: HostRequest) =>
    pattern.test(request.target) ? special(request) : serveHello(request);
}

function redirect(location: string, route?: string): FakeAnswer {
  const said = route === undefined ? {} : { 'x-archeion-route': route };
  return { status: 307, headers: { location, ...said } };
}

/** A front before a registry that is well, which sends blobs to this backend. */
async function startFront(backend: (request: HostRequest) => FakeAnswer | undefined) {
  const upstream = await startDoctorHost(serveHello);
  const bucket = await startDoctorHost(backend);
  const front = await startDoctorHost(({ target }) => {
    if (target === '/v2/') return json({});
    const blob = /\/blobs\/(.+)$/.exec(target)?.[1];
    if (blob === undefined)
      return redirect(`${upstream.url.origin}${target}`, 'main; reason=manifest; client=unknown');
    return redirect(
      `${bucket.url.origin}/${blob}?X-Amz-Signature=SECRET`,
      'dublin; reason=held; client=aws/eu-west-1',
    );
  });
  return { front, upstream, bucket };
}

function writeForEver(response: ServerResponse): void {
  const bytes = Buffer.alloc(LAYER_SIZE);
  const endless = function* () {
    for (;;) yield bytes;
  };
  // Ends when the client has gone.
  pipeline(Readable.from(endless()), response, () => undefined);
}

describe('a pull that works', () => {
  test('is well: ping, index, manifest and blobs, each blob by HEAD and by its first bytes', async () => {
    const host = await startDoctorHost(serveHello);
    const { isWell, findings, seen } = await examined(host.url);
    expect({ isWell, findings }).toEqual({ isWell: true, findings: [] });
    const about = (kind: string) =>
      seen.requests.filter((one) => one.kind === kind).map(({ reference }) => reference);
    expect(about('manifest')).toEqual(['v1', MANIFEST_DIGEST]);
    expect(about('blob-head').sort()).toEqual([CONFIG_DIGEST, LAYER_DIGEST].sort());
    const layer = seen.requests.find(
      ({ kind, reference }) => kind === 'blob-bytes' && reference === LAYER_DIGEST,
    );
    expect(layer?.content).toEqual({
      digest: LAYER_DIGEST,
      claimed: LAYER_DIGEST,
      size: LAYER_SIZE,
      announced: LAYER_SIZE,
      body: { kind: 'other' },
    });
    expect(host.requests.filter(({ range }) => range === 'bytes=0-1023')).toHaveLength(2);
  });

  test('is well through a front; no query of a redirect is kept', async () => {
    const { front, bucket } = await startFront(serveBlobs);
    const { isWell, seen } = await examined(front.url);
    expect(isWell).toBe(true);
    expect(bucket.requests.at(-1)?.target).toContain('SECRET');
    expect(JSON.stringify(seen)).not.toContain('SECRET');
    expect(JSON.stringify(seen)).toContain('dublin; reason=held');
  });

  test('reads blobs whole when it is told to', async () => {
    const host = await startDoctorHost(serveHello);
    const { isWell, seen } = await examined(host.url, { isFull: true });
    expect(isWell).toBe(true);
    const hashed = seen.requests.map(({ content }) => content?.hashed);
    expect(hashed).toContain(LAYER_DIGEST);
    expect(host.requests.every(({ range }) => range === undefined)).toBe(true);
  });

  test('names the registry to a mirror', async () => {
    const host = await startDoctorHost(serveHello);
    const { isWell } = await examined(host.url, { mirrorOf: 'docker.io' });
    expect(isWell).toBe(true);
    expect(host.requests.every(({ target }) => target.endsWith('?ns=docker.io'))).toBe(true);
  });

  test.each([
    ['linux/amd64', []],
    ['linux/s390x', ['no-platform']],
  ])('looks at %s alone', async (platform, problems) => {
    const host = await startDoctorHost(serveHello);
    const { findings } = await examined(host.url, { platform });
    expect(findings.map(({ problem }) => problem)).toEqual(problems);
  });
});

describe('tokens', () => {
  const TOKEN = 'geheim-geheim';
  const withToken =
    (host: () => DoctorHost, token: FakeAnswer) =>
    (request: HostRequest): FakeAnswer | undefined => {
      if (request.target.startsWith('/token')) return token;
      if (request.authorization === `Bearer ${TOKEN}`) return serveHello(request);
      return bearerChallenge(`${host().url.origin}/token`);
    };

  test('an anonymous token is asked for once, used, and shown nowhere', async () => {
    const host: DoctorHost = await startDoctorHost(withToken(() => host, json({ token: TOKEN })));
    const { isWell, seen } = await examined(host.url);
    expect(isWell).toBe(true);
    const tokens = host.requests.filter(({ target }) => target.startsWith('/token'));
    expect(tokens.map(({ target }) => target)).toEqual([
      '/token?service=registry&scope=repository%3Ahello%3Apull',
    ]);
    expect(JSON.stringify(seen)).not.toContain(TOKEN);
  });

  test.each<[string, FakeAnswer, string]>([
    ['refused', { status: 403 }, 'token-refused'],
    ['malformed', json({ token: 'a b' }), 'malformed'],
    ['of no use', json({ token: 'another' }), 'login-needed'],
  ])('a token that is %s is said', async (_name, token, problem) => {
    const host: DoctorHost = await startDoctorHost(withToken(() => host, token));
    const { findings } = await examined(host.url);
    expect(findings.map((one) => one.problem)).toContain(problem);
    expect(host.requests.filter(({ target }) => target.startsWith('/token'))).toHaveLength(1);
  });

  test('a realm that is no address is said', async () => {
    const host = await startDoctorHost(() => bearerChallenge('nonsense'));
    const { findings } = await examined(host.url);
    expect(findings.map((one) => one.problem)).toContain('bad-redirect');
  });

  test('an upstream that wants a token behind a front is the configuration of the front', async () => {
    const upstream = await startDoctorHost(() => bearerChallenge('https://auth.test/token'));
    const front = await startDoctorHost(({ target }) =>
      target === '/v2/' ? json({}) : redirect(`${upstream.url.origin}${target}`),
    );
    const { findings } = await examined(front.url);
    expect(findings).toMatchObject([
      { problem: 'token-behind-redirect', owner: 'home', role: { kind: 'upstream' } },
    ]);
  });
});

describe('a registry that fails', () => {
  const html = {
    headers: { 'content-type': 'text/html' },
    body: '<html><head><title>403 Forbidden</title></head>',
  };

  test.each<[string, RegExp, FakeAnswer, object]>([
    [
      "refuses with a CDN's page",
      /manifests/,
      { status: 403, ...html },
      { problem: 'blocked', owner: 'client', detail: '403, a page titled "403 Forbidden"' },
    ],
    ['is replaced by a portal', /manifests/, html, { problem: 'intercepted', owner: 'client' }],
    [
      'lacks the tag',
      /manifests\/v1/,
      { status: 404, ...json({ errors: [{ code: 'MANIFEST_UNKNOWN' }] }) },
      { problem: 'manifest-absent', owner: 'image' },
    ],
    [
      'lacks what the index lists',
      /manifests\/sha256/,
      { status: 404 },
      { problem: 'child-absent', owner: 'host' },
    ],
    [
      'has other bytes',
      /manifests\/sha256/,
      { body: '{}', headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } },
      { problem: 'wrong-digest', reference: MANIFEST_DIGEST },
    ],
    [
      'claims another digest',
      /manifests\/v1/,
      {
        ...serveHello({
          method: 'GET',
          target: '/v2/hello/manifests/v1',
          range: undefined,
          authorization: undefined,
        }),
        headers: {
          'content-type': 'application/vnd.oci.image.index.v1+json',
          'docker-content-digest': `sha256:${'0'.repeat(64)}`,
        },
      },
      { problem: 'claimed-digest' },
    ],
    ['is no registry', /v2/, { status: 404 }, { problem: 'no-api' }],
    [
      'says too much',
      /manifests/,
      { headers: { 'content-length': '99000000' }, write: (response) => response.flushHeaders() },
      { problem: 'bad-answer' },
    ],
    ['hangs', /manifests/, { write: () => undefined }, { problem: 'timeout' }],
    [
      'hangs up',
      /manifests/,
      { write: (response) => response.destroy() },
      { problem: 'connection-lost' },
    ],
    [
      'redirects to itself',
      /manifests/,
      redirect('/v2/hello/manifests/v1'),
      { problem: 'redirect-loop' },
    ],
    ['redirects nowhere', /manifests/, { status: 307 }, { problem: 'bad-redirect' }],
    [
      'redirects with a password',
      /manifests/,
      redirect('http://u:p@127.0.0.1/'),
      { problem: 'bad-redirect' },
    ],
  ])('%s', async (_name, pattern, answer, finding) => {
    const host = await startDoctorHost(answering(pattern, answer));
    const { isWell, findings } = await examined(host.url);
    expect(isWell).toBe(false);
    expect(findings[0]).toMatchObject(finding);
  });

  test('has other bytes: what they list is not asked for', async () => {
    const other = { config: { mediaType: 'a/b', digest: LAYER_DIGEST, size: 1 }, layers: [] };
    const host = await startDoctorHost(
      answering(/manifests\/sha256/, {
        headers: { 'content-type': MANIFEST_TYPE },
        body: JSON.stringify({ schemaVersion: 2, ...other }),
      }),
    );
    const { findings } = await examined(host.url);
    expect(findings).toMatchObject([{ problem: 'wrong-digest' }]);
    expect(host.requests.some(({ target }) => target.includes('/blobs/'))).toBe(false);
  });

  test('where nobody listens is told once', async () => {
    const { findings } = await examined(new URL(`http://127.0.0.1:${await freePort()}`));
    expect(findings).toMatchObject([{ problem: 'refused', owner: 'host' }]);
  });

  test('a redirect to a private address is reported and not followed', async () => {
    const secret = await startDoctorHost(serveHello);
    const host = await startDoctorHost(answering(/manifests/, redirect(secret.url.href)));
    const { findings, seen } = await examined(host.url, {}, { allowsPrivate: false });
    expect(seen.hosts[1]?.families[0]).toEqual({
      family: 'ipv4',
      kind: 'private',
      address: '127.0.0.1',
    });
    expect(findings).toMatchObject([
      { problem: 'private-host', owner: 'home', host: secret.url.host },
    ]);
    expect(secret.requests).toEqual([]);
  });
});

describe('a backend that fails behind a front', () => {
  const dublin = { role: { kind: 'backend', name: 'dublin' }, owner: 'host' };
  const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>';
  const whole = (body: string | Uint8Array) => (): FakeAnswer => ({
    body,
    headers: { 'content-length': String(body.length) },
  });

  test.each<[string, (request: HostRequest) => FakeAnswer | undefined, object, boolean]>([
    ['lacks the blobs', () => undefined, { problem: 'blob-absent', more: 1 }, false],
    [
      'refuses as object stores do',
      () => ({ status: 403, body: denied }),
      { problem: 'bucket-denied', detail: '403, AccessDenied', more: 1 },
      false,
    ],
    ['has them cut off', whole('short'), { problem: 'wrong-length' }, false],
    [
      'has other bytes of the right length',
      (request) =>
        request.target.includes(LAYER_DIGEST)
          ? whole(Buffer.alloc(LAYER_SIZE))()
          : serveBlobs(request),
      { problem: 'wrong-digest', reference: LAYER_DIGEST },
      true,
    ],
    [
      'goes on for ever',
      (request) =>
        request.target.includes(LAYER_DIGEST) && request.method === 'GET'
          ? { write: writeForEver }
          : serveBlobs(request),
      { problem: 'wrong-length', reference: LAYER_DIGEST },
      true,
    ],
  ])('%s', async (_name, backend, finding, isFull) => {
    const { front } = await startFront(backend);
    const { findings } = await examined(front.url, { isFull });
    // Who claims one length and sends another breaks the protocol as well.
    expect(findings.filter(({ severity }) => severity === 'fails')).toMatchObject([
      { ...dublin, ...finding },
    ]);
  });

  test('refuses HEAD only: a warning', async () => {
    const { front } = await startFront((request) =>
      request.method === 'HEAD' ? { status: 403 } : serveBlobs(request),
    );
    const { isWell, findings } = await examined(front.url);
    expect(isWell).toBe(true);
    expect(findings).toMatchObject([
      { ...dublin, problem: 'head-refused', severity: 'warns', more: 1 },
    ]);
  });
});

describe('names', () => {
  const found =
    (addresses: Readonly<Record<number, string>>, code = 'ENOTFOUND'): LookupFunction =>
    (_host, { family, all }, callback) => {
      const known = family === 6 ? addresses[6] : (addresses[4] ?? addresses[6]);
      if (known === undefined) callback(Object.assign(new Error(code), { code }), []);
      else if (all) callback(null, [{ address: known, family: known.includes(':') ? 6 : 4 }]);
      else callback(null, known, known.includes(':') ? 6 : 4);
    };

  test.each([
    ['unknown', 'ENOTFOUND', 'no-such-host'],
    ['without an answer', 'EAI_AGAIN', 'dns-failed'],
  ])('%s', async (_name, code, problem) => {
    const { findings, seen } = await examined(
      new URL('http://images.test'),
      {},
      { lookup: found({}, code) },
    );
    expect(findings).toMatchObject([{ problem, owner: 'dns' }]);
    expect(seen.requests).toEqual([]);
  });

  test('one family that fails while the other works is a warning', async () => {
    const host = await startDoctorHost(serveHello);
    const origin = new URL(`http://images.test:${host.url.port}`);
    // Nobody listens on IPv6: the host was opened on 127.0.0.1 alone.
    const lookup = found({ 4: '127.0.0.1', 6: '::1' });
    const { isWell, seen } = await examined(origin, {}, { lookup });
    expect(isWell).toBe(true);
    expect(seen.hosts[0]?.families).toMatchObject([
      { family: 'ipv4', kind: 'connected' },
      { family: 'ipv6', kind: 'connect-failed' },
    ]);
    const single = await examined(origin, {}, { lookup, families: ['ipv6'] });
    expect(single.isWell).toBe(false);
  });

  test('a backend whose name is unknown is told with its name', async () => {
    const front = await startDoctorHost(
      answering(/blobs/, redirect('http://gone.test/x', 'dublin; reason=held; client=unknown')),
    );
    const { findings } = await examined(front.url, {}, { lookup: found({}) });
    expect(findings).toMatchObject([
      { problem: 'no-such-host', host: 'gone.test', role: { name: 'dublin' } },
    ]);
  });
});
