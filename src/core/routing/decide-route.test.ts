// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { someBackend, someTable, someUpstream } from '../../../test/support/routing.ts';
import { parseRequestTarget } from '../oci/request-target.ts';
import { decideRoute, deliveryOf, type Knowledge, type RouteDecision } from './decide-route.ts';
import { knownRepositories } from './known-repositories.ts';
import type { Delivery } from './route-plan.ts';
import type { DeliveryMode, RoutingTable } from './routing-table.ts';

const HEX = 'ab'.repeat(32);
const DIGEST = `sha256:${HEX}`;
const near = someBackend('near');
const far = someBackend('far');

interface Given {
  readonly table?: Partial<RoutingTable>;
  readonly knows?: Readonly<Record<string, Knowledge>>;
  readonly backends?: readonly ReturnType<typeof someBackend>[];
  readonly unwell?: readonly string[];
  readonly deliver?: DeliveryMode;
}

function decide(target: string, given: Given = {}): RouteDecision {
  const { table, knows = {}, backends = [], unwell = [] } = given;
  const { deliver = { kind: 'redirect' } } = given;
  const parsed = parseRequestTarget(target);
  if (parsed === undefined) throw new Error('the target is one');
  const whole = someTable(table);
  return decideRoute(parsed, {
    table: whole,
    routes: { upstreams: whole.upstreams, backends, deliver, rule: 0 },
    knows: ({ holder }) => knows[holder] ?? 'unknown',
    isWell: (holder) => !unwell.includes(holder),
  });
}

describe('what is not a pull', () => {
  test('the API check is accepted', () => {
    expect(decide('/v2/')).toEqual({ kind: 'accept' });
  });

  test.each([
    '/v2/_catalog',
    '/v2/_catalog/',
    '/v2/_catalog?n=5',
    '/v2evil/x',
    '/v2/foo/blobs/uploads/',
    `/v2/foo/blobs/uploads/${'a'.repeat(32)}`,
    '/v2/foo/blobs/uploads/x',
    '/x',
    '/',
    '/privacy',
  ])('%s is not found', (target) => {
    expect(decide(target)).toMatchObject({ kind: 'refuse', code: 'UNSUPPORTED', status: 404 });
  });

  test('the list of endpoints is there when it is published', () => {
    const path = '/.well-known/archeion/endpoints.json';
    expect(decide(path, { table: { publishesEndpoints: true } })).toEqual({ kind: 'endpoints' });
    expect(decide(path)).toMatchObject({ kind: 'refuse', status: 404 });
  });

  test('a path outside the grammar is refused with the code of the specification', () => {
    const decision = decide('/v2/%2e%2e/manifests/x');
    expect(decision).toMatchObject({ kind: 'refuse', code: 'NAME_INVALID', status: 400 });
  });

  test.each([
    ['/', 'https://example.org/images'],
    ['/privacy', 'https://example.org/privacy'],
    ['/privacy/more', 'https://example.org/privacy'],
  ])('%s leads to the configured page', (target, to) => {
    const pages = { root: 'https://example.org/images', privacy: 'https://example.org/privacy' };
    expect(decide(target, { table: { pages } })).toMatchObject({
      kind: 'redirect',
      to,
      by: 'page',
    });
  });
});

describe('when it is said which repositories there are', () => {
  const table = { repositories: knownRepositories(['pause', 'csi/*']) };
  const pulls = ['manifests/v1', `manifests/${DIGEST}`, `blobs/${DIGEST}`, 'tags/list'];

  test.each([...pulls, `referrers/${DIGEST}`])('%s of another one is unknown', (path) => {
    const decision = decide(`/v2/pauze/${path}`, { table, backends: [near] });
    expect(decision).toMatchObject({ kind: 'refuse', code: 'NAME_UNKNOWN', status: 404 });
    expect(decision).toHaveProperty('message', expect.stringContaining('"pauze"'));
  });

  test.each([...pulls, `referrers/${DIGEST}`])('%s of one of them is as ever', (path) => {
    for (const repository of ['pause', 'csi/driver']) {
      const target = `/v2/${repository}/${path}`;
      expect(decide(target, { table, backends: [near] })).toEqual(
        decide(target, { backends: [near] }),
      );
    }
  });

  test.each(['/v2/', '/v2/_catalog', '/', '/v2/A/manifests/x'])('%s is as ever', (target) => {
    expect(decide(target, { table })).toEqual(decide(target));
  });
});

describe('manifests', () => {
  const canonicalUpstream = someUpstream('canonical');

  test('a tag and a digest go to the upstream of the client, the query byte for byte', () => {
    for (const reference of ['v1', DIGEST]) {
      expect(decide(`/v2/a/b/manifests/${reference}?ns=x%2Fy&&z`)).toMatchObject({
        kind: 'redirect',
        to: `https://main.example/v2/acme/images/a/b/manifests/${reference}?ns=x%2Fy&&z`,
        by: 'main',
        reason: 'manifest',
      });
    }
  });

  test.each(['', '.sig', '.att', '.sbom'])(
    'a tag sha256-<hex>%s goes to the canonical upstream, when one is set',
    (suffix) => {
      const target = `/v2/a/manifests/sha256-${HEX}${suffix}`;
      expect(decide(target, { table: { canonicalUpstream } })).toMatchObject({
        by: 'canonical',
        reason: 'referrer',
      });
      expect(decide(target)).toMatchObject({ by: 'main', reason: 'referrer' });
      expect(decide('/v2/a/manifests/v1', { table: { canonicalUpstream } })).toMatchObject({
        by: 'main',
      });
    },
  );

  test('lists are fetched, or redirected with their query when the table says so', () => {
    expect(decide('/v2/a/tags/list?n=2')).toMatchObject({
      kind: 'fetch-list',
      list: 'tags',
      path: 'tags/list',
      query: '?n=2',
      repository: 'a',
      otherwise: { to: 'https://main.example/v2/acme/images/a/tags/list?n=2', reason: 'list' },
    });
    const lists = { tags: 'redirect', referrers: 'redirect' } as const;
    expect(decide('/v2/a/tags/list?n=2', { table: { lists } })).toMatchObject({
      kind: 'redirect',
      to: 'https://main.example/v2/acme/images/a/tags/list?n=2',
    });
    expect(
      decide(`/v2/a/referrers/${DIGEST}`, { table: { lists, canonicalUpstream } }),
    ).toMatchObject({
      kind: 'redirect',
      to: `https://canonical.example/v2/acme/images/a/referrers/${DIGEST}`,
    });
  });
});

describe('several upstreams', () => {
  const table = { upstreams: [someUpstream('near'), someUpstream('home')] as const };
  const byTag = '/v2/a/manifests/v1?ns=x';
  const byDigest = `/v2/a/manifests/${DIGEST}?ns=x`;
  const at = (name: string) => `https://${name}.example/v2/acme/images/a/manifests/${DIGEST}`;

  test('a tag goes to the nearest that is well', () => {
    expect(decide(byTag, { table })).toMatchObject({ by: 'near' });
    expect(decide(byTag, { table, unwell: ['near'] })).toMatchObject({ by: 'home' });
    expect(decide(byTag, { table, unwell: ['near', 'home'] })).toMatchObject({ by: 'near' });
  });

  test('so do blobs that no backend holds, and lists', () => {
    const unwell = ['near'];
    expect(decide(`/v2/a/blobs/${DIGEST}`, { table, unwell })).toMatchObject({ by: 'home' });
    expect(decide('/v2/a/tags/list', { table, unwell })).toMatchObject({
      otherwise: { by: 'home' },
    });
  });

  test('a digest goes to the nearest that holds it, with the query', () => {
    expect(decide(byDigest, { table, knows: { near: 'held' } })).toMatchObject({
      to: `${at('near')}?ns=x`,
    });
    expect(decide(byDigest, { table, knows: { near: 'absent', home: 'held' } })).toMatchObject({
      to: `${at('home')}?ns=x`,
      reason: 'manifest',
    });
  });

  test('who is not known to hold a digest is asked, without the query', () => {
    expect(decide(byDigest, { table })).toMatchObject({
      kind: 'probe',
      questions: [
        { kind: 'manifest', url: at('near') },
        { kind: 'manifest', url: at('home') },
      ],
      otherwise: { by: 'near' },
    });
    expect(decide(byDigest, { table, knows: { near: 'absent', home: 'absent' } })).toMatchObject({
      by: 'near',
    });
  });

  test('a canonical upstream that is not well leaves referrers to the nearest', () => {
    const canonicalUpstream = table.upstreams[1];
    const target = `/v2/a/manifests/sha256-${HEX}.sig`;
    const withCanonical = { ...table, canonicalUpstream };
    expect(decide(target, { table: withCanonical })).toMatchObject({ by: 'home' });
    expect(decide(target, { table: withCanonical, unwell: ['home'] })).toMatchObject({
      by: 'near',
    });
  });
});

describe('blobs', () => {
  const path = `/v2/a/blobs/${DIGEST}`;
  const atUpstream = `https://main.example/v2/acme/images/a/blobs/${DIGEST}`;
  const atNear = `https://near.example/containers/images/${DIGEST}`;
  const atFar = `https://far.example/containers/images/${DIGEST}`;
  const backends = [near, far];

  test.each<{ knows: Record<string, Knowledge>; to: string; reason: string }>([
    { knows: { near: 'held' }, to: atNear, reason: 'held' },
    { knows: { near: 'absent', far: 'held' }, to: atFar, reason: 'held' },
    { knows: { near: 'absent', far: 'absent' }, to: atUpstream, reason: 'not-held' },
  ])('what is known is not asked for: $knows', ({ knows, to, reason }) => {
    expect(decide(path, { backends, knows })).toMatchObject({ kind: 'redirect', to, reason });
  });

  test.each<{ knows: Record<string, Knowledge>; asked: string[]; otherwise: string }>([
    { knows: {}, asked: [atNear, atFar], otherwise: atUpstream },
    { knows: { far: 'held' }, asked: [atNear], otherwise: atFar },
    { knows: { far: 'absent' }, asked: [atNear], otherwise: atUpstream },
    { knows: { near: 'absent' }, asked: [atFar], otherwise: atUpstream },
  ])(
    'those unknown before the first that holds it are asked: $knows',
    ({ knows, asked, otherwise }) => {
      const decision = decide(path, { backends, knows });
      expect(decision).toMatchObject({
        kind: 'probe',
        questions: asked.map((url) => ({ url })),
        otherwise: { to: otherwise },
      });
    },
  );

  test('without a backend the upstream serves it, and only the upstream sees the query', () => {
    expect(decide(`${path}?ns=x`)).toMatchObject({
      to: `${atUpstream}?ns=x`,
      reason: 'no-backend',
    });
    expect(decide(`${path}?ns=x`, { backends, knows: { near: 'held' } })).toMatchObject({
      to: atNear,
    });
  });
});

describe('a client whose rule says deny', () => {
  test.each([`blobs/${DIGEST}`, 'manifests/v1', 'tags/list', `referrers/${DIGEST}`])(
    'is refused %s, and told where to read why',
    (path) => {
      const deliver = { kind: 'deny', help: 'https://example.org/why' } as const;
      expect(decide(`/v2/a/${path}`, { deliver })).toMatchObject({
        kind: 'refuse',
        code: 'DENIED',
        status: 403,
        help: 'https://example.org/why',
        message: expect.stringContaining('https://example.org/why'),
      });
    },
  );

  test('is refused without a page to read as well, and may still ask for the API', () => {
    const deliver = { kind: 'deny' } as const;
    expect(decide('/v2/a/manifests/v1', { deliver })).not.toHaveProperty('help');
    expect(decide('/v2/', { deliver })).toEqual({ kind: 'accept' });
  });
});

describe('a client whose rule says proxy', () => {
  const deliver = { kind: 'proxy' } as const;
  const from = (path: string) => `https://main.example/v2/acme/images/a/${path}`;

  test('has a blob fetched from the backend that holds it, else from the upstream', () => {
    const path = `blobs/${DIGEST}`;
    const given = { deliver, backends: [near], knows: { near: 'held' } } as const;
    expect(decide(`/v2/a/${path}?x=1`, given)).toMatchObject({
      kind: 'proxy',
      by: 'near',
      from: `https://near.example/containers/images/${DIGEST}`,
      content: { kind: 'blob', digest: DIGEST },
      otherwise: { kind: 'proxy', by: 'main', from: from(path) },
    });
  });

  test('has manifests fetched without its own query', () => {
    expect(decide('/v2/a/manifests/v1?ns=x', { deliver })).toMatchObject({
      kind: 'proxy',
      from: from('manifests/v1'),
      content: { kind: 'manifest', reference: { kind: 'tag', tag: 'v1' } },
    });
  });

  test.each(['fetch', 'redirect'] as const)(
    'is never redirected to a list, with tagsList: %s',
    (tags) => {
      const table = { lists: { tags, referrers: 'fetch' } } as const;
      expect(decide('/v2/a/tags/list', { deliver, table })).toMatchObject({
        kind: 'fetch-list',
        otherwise: { kind: 'proxy', content: { kind: 'list' } },
      });
    },
  );
});

test('from an upstream that is proxied everything is fetched, and from backends nothing', () => {
  const table = { upstreams: [someUpstream('main', { isProxied: true })] } as const;
  const given = { table, backends: [near] };
  expect(decide('/v2/a/manifests/v1', given)).toMatchObject({ kind: 'proxy', by: 'main' });
  expect(decide(`/v2/a/blobs/${DIGEST}`, given)).toMatchObject({
    questions: [{ found: { kind: 'redirect', by: 'near' } }],
    otherwise: { kind: 'proxy', by: 'main' },
  });
});

/** Everywhere a decision may send a client. */
function locationsOf(decision: RouteDecision): string[] {
  switch (decision.kind) {
    case 'redirect':
    case 'proxy':
      return placesOf(decision);
    case 'fetch-list':
      return placesOf(decision.otherwise);
    case 'probe':
      return [
        ...placesOf(deliveryOf(decision.otherwise)),
        ...decision.questions.map(({ url }) => url),
      ];
    case 'accept':
    case 'endpoints':
    case 'refuse':
      return [];
  }
}

function placesOf(delivery: Delivery): string[] {
  if (delivery.kind === 'redirect') return [delivery.to];
  return [delivery.from, ...(delivery.otherwise === undefined ? [] : placesOf(delivery.otherwise))];
}

test('threat 18: Location starts with a configured URL and ends in valid parts, whatever was asked', () => {
  const hostile = fc.constantFrom(
    '..',
    '%2e%2e',
    '%2f',
    '/',
    '//evil',
    '@',
    ':',
    '%3F',
    '?',
    '%00',
    '%0d%0a',
    '\\',
    'a',
    'v1',
    'manifests',
    'blobs',
    'tags',
    'list',
    'referrers',
    DIGEST,
    `sha256-${HEX}.sig`,
    '_catalog',
    'https:',
    '%25',
  );
  const target = fc.array(hostile, { maxLength: 8 }).map((parts) => `/v2/${parts.join('/')}`);
  const configured =
    /^https:\/\/(?:main\.example\/v2\/acme\/images\/(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)+(?:manifests\/[\w.:-]+|blobs\/sha\d+:[0-9a-f]+|tags\/list|referrers\/sha\d+:[0-9a-f]+)(?:\?.*)?|near\.example\/containers\/images\/sha\d+:[0-9a-f]+)$/;
  fc.assert(
    fc.property(target, (text) => {
      const held = decide(text, { backends: [near], knows: { near: 'held' } });
      const unknown = decide(text, { backends: [near] });
      for (const to of [...locationsOf(held), ...locationsOf(unknown)])
        expect(to).toMatch(configured);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
