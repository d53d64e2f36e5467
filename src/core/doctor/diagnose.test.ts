// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { diagnose } from './diagnose.ts';
import type {
  ContentSeen,
  FamilySeen,
  HopSeen,
  HostSeen,
  Observations,
  Outcome,
  RequestSeen,
} from './observation.ts';

const HOME = 'images.example';
const UPSTREAM = 'upstream.example';
const BACKEND = 'bucket.example';
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

type Answered = Extract<Outcome, { kind: 'answered' }>;

function hop(host: string, status: number, fields: Partial<Answered> = {}): HopSeen {
  return hopWith(host, { kind: 'answered', status, ...fields });
}

function hopWith(host: string, outcome: Outcome, milliseconds = 20): HopSeen {
  return { url: `https://${host}/v2/`, host, milliseconds, outcome };
}

function request(
  kind: RequestSeen['kind'],
  hops: readonly HopSeen[],
  fields: Partial<RequestSeen> = {},
): RequestSeen {
  const reference = kind === 'ping' || kind === 'token' ? '' : DIGEST;
  return { kind, reference, hops, hadToken: false, ...fields };
}

function withContent(kind: RequestSeen['kind'], content: Partial<ContentSeen>): RequestSeen {
  return request(kind, [hop(HOME, 200)], { content: { body: { kind: 'other' }, ...content } });
}

function seen(requests: readonly RequestSeen[], fields: Partial<Observations> = {}): Observations {
  return { home: HOME, isMirror: false, hosts: [], requests, ...fields };
}

function problems(observations: Observations) {
  return diagnose(observations).findings.map(({ problem }) => problem);
}

const REDIRECTED = hop(HOME, 307);
const HELD = hop(HOME, 307, { route: 'dublin; reason=held; client=aws/eu-west-1' });
const NOT_HELD = hop(HOME, 307, { route: 'main; reason=not-held; client=unknown' });

describe('the last answer of a request', () => {
  test.each<[string, RequestSeen, string]>([
    ['a 200 ping', request('ping', [hop(HOME, 200)]), ''],
    ['no hop at all', request('ping', []), ''],
    ['a ping that offers tokens', request('ping', [hop(HOME, 401, { challenge: 'bearer' })]), ''],
    [
      'a ping that wants a password',
      request('ping', [hop(HOME, 401, { challenge: 'other' })]),
      'login-needed',
    ],
    [
      'a ping that says not how',
      request('ping', [hop(HOME, 401, { challenge: 'none' })]),
      'no-challenge',
    ],
    ['a ping of a web site', request('ping', [hop(HOME, 404)]), 'no-api'],
    ['a token refused', request('token', [hop('auth.example', 403)]), 'token-refused'],
    [
      'a manifest for people with a login',
      request('manifest', [hop(HOME, 401, { challenge: 'bearer' })]),
      'login-needed',
    ],
    [
      'an upstream behind a front that wants a token',
      request('manifest', [REDIRECTED, hop(UPSTREAM, 401, { challenge: 'bearer' })]),
      'token-behind-redirect',
    ],
    [
      "a CDN's page",
      request('manifest', [hop(HOME, 403, { body: { kind: 'html', title: 'Sorry' } })]),
      'blocked',
    ],
    [
      'a page for legal reasons',
      request('manifest', [hop(HOME, 451, { body: { kind: 'html' } })]),
      'blocked',
    ],
    [
      "a bucket's refusal",
      request('blob-bytes', [
        HELD,
        hop(BACKEND, 403, { body: { kind: 'xml', code: 'AccessDenied' } }),
      ]),
      'bucket-denied',
    ],
    [
      'a refusal in XML',
      request('blob-bytes', [HELD, hop(BACKEND, 403, { body: { kind: 'xml' } })]),
      'bucket-denied',
    ],
    [
      "a registry's refusal",
      request('manifest', [hop(HOME, 403, { body: { kind: 'oci-error', codes: ['DENIED'] } })]),
      'denied',
    ],
    ['a bare refusal', request('manifest', [hop(HOME, 403)]), 'denied'],
    ['a proxy that wants a login', request('manifest', [hop(HOME, 407)]), 'intercepted'],
    ['a captive portal', request('manifest', [hop(HOME, 511)]), 'intercepted'],
    ['no such tag', request('manifest', [hop(HOME, 404)]), 'manifest-absent'],
    ['a deleted blob', request('blob-bytes', [hop(HOME, 410)]), 'blob-absent'],
    ['too many requests', request('manifest', [hop(HOME, 429)]), 'rate-limited'],
    ['a fault', request('manifest', [hop(HOME, 503)]), 'server-error'],
    ['a teapot', request('manifest', [hop(HOME, 418)]), 'unexpected-status'],
    [
      'a loop',
      request('manifest', [hopWith(HOME, { kind: 'failed', failure: 'redirect-loop' })]),
      'redirect-loop',
    ],
    [
      'a broken connection',
      request('manifest', [
        hopWith(HOME, { kind: 'failed', failure: 'unreachable', system: 'ECONNRESET' }),
      ]),
      'connection-lost',
    ],
    [
      'an answer after six seconds',
      request('manifest', [hopWith(HOME, { kind: 'answered', status: 200 }, 6_000)]),
      'slow',
    ],
  ])('%s', (_name, one, problem) => {
    expect(problems(seen([one])).join()).toBe(problem);
  });

  test.each<[RequestSeen, string]>([
    [
      request('manifest', [hop(HOME, 403, { body: { kind: 'html', title: 'Sorry' } })]),
      '403, a page titled "Sorry"',
    ],
    [request('manifest', [hop(HOME, 403, { body: { kind: 'html' } })]), '403, a page of HTML'],
    [
      request('manifest', [hop(HOME, 403, { body: { kind: 'xml', code: 'AccessDenied' } })]),
      '403, AccessDenied',
    ],
    [request('manifest', [hop(HOME, 403, { body: { kind: 'xml' } })]), '403, XML'],
    [
      request('manifest', [hop(HOME, 403, { body: { kind: 'oci-error', codes: ['DENIED'] } })]),
      '403, DENIED',
    ],
    [request('manifest', [hop(HOME, 404)]), '404'],
  ])('is told with what was seen of it (%#)', (one, detail) => {
    expect(diagnose(seen([one])).findings[0]?.detail).toBe(detail);
  });
});

describe('content', () => {
  test.each<[string, Partial<ContentSeen>, string]>([
    [
      'that is right',
      { digest: DIGEST, hashed: DIGEST, claimed: DIGEST, size: 3, announced: 3 },
      '',
    ],
    ['of which nothing is known', {}, ''],
    ['of another digest', { digest: DIGEST, hashed: OTHER }, 'wrong-digest'],
    ['of another length', { digest: DIGEST, size: 3, announced: 2 }, 'wrong-length'],
    ['under a false digest', { hashed: DIGEST, claimed: OTHER }, 'claimed-digest'],
    [
      'whose digest is claimed with another algorithm',
      { hashed: DIGEST, claimed: 'sha512:00' },
      '',
    ],
    ['that is a page', { body: { kind: 'html' }, digest: DIGEST, hashed: OTHER }, 'intercepted'],
    ['that is a page with a title', { body: { kind: 'html', title: 'Login' } }, 'intercepted'],
    ['that is meant to be a page', { body: { kind: 'html' }, size: 9, announced: 9 }, ''],
    ['that does not parse', { hashed: DIGEST, problem: 'it is no JSON' }, 'malformed'],
  ])('%s', (_name, content, problem) => {
    expect(problems(seen([withContent('manifest', content)])).join()).toBe(problem);
  });
});

describe('a host', () => {
  const v4 = { family: 'ipv4', address: '192.0.2.1' } as const;
  const v6 = { family: 'ipv6', address: '2001:db8::1' } as const;
  const certificate = { subject: 'images.example', issuer: 'R1', expires: 'Jan 1', daysLeft: 60 };
  const well = { kind: 'connected', milliseconds: 5 } as const;
  const failed = (system: string): FamilySeen => ({ ...v4, kind: 'connect-failed', system });
  const noTls = (system: string): FamilySeen => ({ ...v4, kind: 'tls-failed', system });

  test.each<[string, readonly FamilySeen[], string]>([
    [
      'well',
      [
        { ...v4, ...well, certificate },
        { family: 'ipv6', kind: 'no-address' },
      ],
      '',
    ],
    ['plain HTTP', [{ ...v4, ...well }], ''],
    ['without any address', [{ family: 'ipv4', kind: 'no-address' }], 'no-such-host'],
    [
      'that no resolver knows about',
      [{ family: 'ipv4', kind: 'dns-failed', system: 'ESERVFAIL' }],
      'dns-failed',
    ],
    ['with a private address', [{ ...v4, kind: 'private' }], 'private-host'],
    ['where nobody listens', [failed('ECONNREFUSED')], 'refused'],
    ['that drops packets', [failed('ETIMEDOUT')], 'connect-timeout'],
    ['without a route', [failed('EHOSTUNREACH')], 'no-route'],
    ['of a family that this machine lacks', [failed('ENETUNREACH')], 'no-route'],
    ['that resets', [failed('ECONNRESET')], 'connection-lost'],
    [
      'whose better half says more',
      [failed('ENETUNREACH'), { ...v6, kind: 'connect-failed', system: 'ECONNREFUSED' }],
      'refused',
    ],
    [
      'half of whose name cannot be looked up',
      [{ family: 'ipv6', kind: 'dns-failed', system: 'ESERVFAIL' }, noTls('CERT_HAS_EXPIRED')],
      'tls-expired',
    ],
    ['with an old certificate', [noTls('CERT_HAS_EXPIRED')], 'tls-expired'],
    ['with the certificate of another', [noTls('ERR_TLS_CERT_ALTNAME_INVALID')], 'tls-name'],
    [
      'with a certificate of its own making',
      [{ ...v4, kind: 'tls-failed', system: 'DEPTH_ZERO_SELF_SIGNED_CERT', certificate }],
      'tls-untrusted',
    ],
    ['that speaks no TLS', [noTls('ERR_SSL_WRONG_VERSION_NUMBER')], 'tls-failed'],
    [
      'well over IPv4 only',
      [
        { ...v4, ...well },
        { ...v6, kind: 'connect-failed', system: 'ECONNREFUSED' },
      ],
      'family-fails',
    ],
    ['well over IPv6 only', [noTls('CERT_HAS_EXPIRED'), { ...v6, ...well }], 'family-fails'],
    [
      'well from a machine without IPv6',
      [
        { ...v4, ...well },
        { ...v6, kind: 'connect-failed', system: 'ENETUNREACH' },
      ],
      '',
    ],
    [
      'whose certificate ends this week, told once',
      [
        { ...v4, ...well, certificate: { ...certificate, daysLeft: 3 } },
        { ...v6, ...well, certificate: { ...certificate, daysLeft: 3 } },
      ],
      'tls-expires',
    ],
  ])('%s', (_name, families, problem) => {
    const hosts: readonly HostSeen[] = [{ host: HOME, families }];
    expect(problems(seen([], { hosts })).join()).toBe(problem);
  });

  test('that cannot be reached is told once, not again with each request', () => {
    const hosts = [{ host: BACKEND, families: [failed('ECONNREFUSED')] }];
    const lost = hopWith(BACKEND, { kind: 'failed', failure: 'unreachable' });
    const slow = hopWith(BACKEND, { kind: 'failed', failure: 'timeout' });
    const ping = request('ping', [hop(HOME, 200)]);
    const requests = [
      ping,
      request('blob-bytes', [HELD, lost]),
      request('blob-bytes', [HELD, slow]),
    ];
    expect(problems(seen(requests, { hosts }))).toEqual(['refused']);
    expect(diagnose(seen(requests, { hosts })).findings[0]).toMatchObject({
      role: { kind: 'backend', name: 'dublin' },
      owner: 'host',
    });
  });
});

describe('whose it is', () => {
  const refused = (host: string) => hop(host, 500);
  const manifestAt = request('manifest', [REDIRECTED, hop(UPSTREAM, 200)]);

  test.each<[string, Observations, object]>([
    ['the registry', seen([request('manifest', [refused(HOME)])]), { kind: 'registry' }],
    [
      'a registry that sends blobs away',
      seen([
        request('blob-bytes', [REDIRECTED, hop(BACKEND, 200)]),
        request('ping', [refused(HOME)]),
      ]),
      { kind: 'registry' },
    ],
    [
      'a mirror',
      seen([request('manifest', [refused(HOME)])], { isMirror: true }),
      { kind: 'mirror' },
    ],
    [
      'a front that redirects',
      seen([manifestAt, request('ping', [refused(HOME)])]),
      { kind: 'front' },
    ],
    [
      'a front that says so',
      seen([request('blob-bytes', [HELD, hop(BACKEND, 200)]), request('ping', [refused(HOME)])]),
      { kind: 'front' },
    ],
    [
      'an upstream with its name',
      seen([request('blob-bytes', [NOT_HELD, refused(UPSTREAM)])]),
      { kind: 'upstream', name: 'main' },
    ],
    [
      'a backend with its name',
      seen([request('blob-bytes', [HELD, refused(BACKEND)])]),
      { kind: 'backend', name: 'dublin' },
    ],
    [
      'a host that serves manifests too',
      seen([manifestAt, request('blob-bytes', [REDIRECTED, refused(UPSTREAM)])]),
      { kind: 'upstream' },
    ],
    [
      "an upstream's own store",
      seen([manifestAt, request('blob-bytes', [NOT_HELD, hop(UPSTREAM, 307), refused(BACKEND)])]),
      { kind: 'backend' },
    ],
    [
      'a token service',
      seen([request('token', [refused('auth.example')])]),
      { kind: 'token-service' },
    ],
    [
      'a front that failed after a broken hop',
      seen([
        request('manifest', [
          hopWith(HOME, { kind: 'failed', failure: 'timeout' }),
          refused(UPSTREAM),
        ]),
      ]),
      { kind: 'upstream' },
    ],
  ])('%s', (_name, observations, role) => {
    const found = diagnose(observations).findings.find(({ problem }) => problem === 'server-error');
    expect(found?.role).toEqual(role);
  });
});

describe('several requests', () => {
  test('a first manifest that is absent is the name; a later one is a broken promise', () => {
    const absent = request('manifest', [hop(HOME, 404)]);
    const index = request('manifest', [hop(HOME, 200)]);
    expect(diagnose(seen([absent])).findings[0]?.owner).toBe('image');
    expect(diagnose(seen([index, absent])).findings[0]).toMatchObject({
      problem: 'child-absent',
      owner: 'host',
      reference: DIGEST,
    });
  });

  test('a HEAD that fails is explained by the GET that fails', () => {
    const get = request('blob-bytes', [HELD, hop(BACKEND, 403, { body: { kind: 'xml' } })]);
    const head = request('blob-head', [HELD, hop(BACKEND, 403)]);
    expect(problems(seen([head, get]))).toEqual(['bucket-denied']);
  });

  test('a HEAD that fails while the GET is granted is a warning', () => {
    const get = request('blob-bytes', [HELD, hop(BACKEND, 206)]);
    const head = request('blob-head', [HELD, hop(BACKEND, 403)]);
    const { isWell, findings } = diagnose(seen([head, get]));
    expect(isWell).toBe(true);
    expect(findings.map(({ problem }) => problem)).toEqual(['head-refused']);
  });

  test('the same problem of one host is one finding, counted; failures come first', () => {
    const absent = (reference: string) =>
      request('blob-bytes', [HELD, hop(BACKEND, 404)], { reference });
    const slow = request('ping', [hopWith(HOME, { kind: 'answered', status: 200 }, 9_000)]);
    const { isWell, findings } = diagnose(seen([slow, absent(DIGEST), absent(OTHER)]));
    expect(isWell).toBe(false);
    expect(findings).toMatchObject([
      { problem: 'blob-absent', reference: DIGEST, more: 1 },
      { problem: 'slow', more: 0 },
    ]);
  });

  test('a platform that is not listed is said', () => {
    expect(diagnose(seen([], { absentPlatform: 'linux/s390x' })).findings).toMatchObject([
      { problem: 'no-platform', detail: 'linux/s390x', role: { kind: 'registry' } },
    ]);
  });
});
