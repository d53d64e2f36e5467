// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { archeioDocument, asksForArcheio } from './archeio.ts';
import { configJsonSchema, documentOf, parseConfig, parseYaml } from './config.ts';
import type { Config, ConfigDocument } from './schema.ts';

const SMALLEST = { upstreams: [{ name: 'main', url: 'https://main.example' }] };

function problemsOf(document: unknown): readonly string[] {
  const result = parseConfig(document);
  return result.ok ? [] : result.problems;
}

function accepted(document: unknown): Config {
  const result = parseConfig(document);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

describe('parseConfig', () => {
  test('an upstream is enough; the rest has defaults', () => {
    const config = accepted(SMALLEST);
    expect(config.listen).toEqual({ host: '::', port: 8080, keepAlive: 65_000 });
    expect(config.probes).toEqual({ deadline: 1_000, timeout: 5_000, maxConcurrent: 256 });
    expect(config.tagsList).toBe('fetch');
  });

  test('TLS begins with version 1.2', () => {
    const tls = { certificate: 'tls.crt', key: 'tls.key' };
    const { listen } = accepted({ ...SMALLEST, listen: { tls } });
    expect(listen.tls).toEqual({ ...tls, minVersion: 'TLSv1.2' });
  });

  test('everything wrong is said at once, with its place', () => {
    const problems = problemsOf({
      upstreams: [{ name: 'Main', url: 'main.example' }],
      listen: { prot: 80 },
      probes: { deadline: '1 second' },
    }).join('\n');
    for (const place of ['upstreams.0.name', 'upstreams.0.url', 'listen', 'probes.deadline']) {
      expect(problems).toContain(place);
    }
  });

  test.each([
    ['no upstream', {}, 'upstreams: has to be there'],
    ['not an object', 'x', '(document)'],
    ['a typo', { ...SMALLEST, backend: [] }, 'backend'],
    [
      'a backend nobody knows',
      { ...SMALLEST, routing: [{ blobs: ['cnd'] }] },
      'no backend is named "cnd"',
    ],
    [
      'a canonical upstream nobody knows',
      { ...SMALLEST, canonicalUpstream: 'x' },
      'no upstream is named "x"',
    ],
    [
      'one name for two',
      { ...SMALLEST, backends: [{ name: 'main', url: 'https://x.example' }] },
      '"main" names two',
    ],
    [
      'a backend with a word of the rules for a name',
      { ...SMALLEST, backends: [{ name: 'nearest', url: 'https://x.example' }] },
      'backends.0.name',
    ],
    [
      'feeds without a folder',
      { ...SMALLEST, cloudRanges: { feeds: ['aws'] } },
      'cloudRanges.directory',
    ],
    [
      'a prefix that is none',
      { ...SMALLEST, cloudRanges: { static: [{ prefix: '10/8', cloud: 'a', region: 'b' }] } },
      'cloudRanges.static.0.prefix',
    ],
    [
      'two ways to count proxies',
      { ...SMALLEST, clientAddress: { trustedProxyHops: 1, trustedProxies: ['10.0.0.0/8'] } },
      'clientAddress',
    ],
    [
      'a certificate without its key',
      { ...SMALLEST, listen: { tls: { certificate: 'a' } } },
      'listen.tls.key',
    ],
    [
      'a version of TLS that is broken',
      { ...SMALLEST, listen: { tls: { certificate: 'a', key: 'b', minVersion: 'TLSv1.1' } } },
      'listen.tls.minVersion',
    ],
    ['a blob path without content', { ...SMALLEST, blobPath: 'x' }, 'blobPath'],
    [
      'an upstream with a path',
      { upstreams: [{ name: 'm', url: 'https://m.example/v2' }] },
      'upstreams.0.url',
    ],
    [
      'a name with a slash behind it',
      { upstreams: [{ name: 'm', url: 'https://m.example', repositoryPrefix: 'a/' }] },
      'repositoryPrefix',
    ],
  ])('refused: %s', (_, document, place) => {
    expect(problemsOf(document).join('\n')).toContain(place);
  });

  test.each([
    'ftp://x.example',
    'https://user:secret@x.example',
    'https://x.example/?q',
    'https://x.example/#f',
    'https://x.example\\@evil',
    'https://x.example/a/../b',
    'https://',
    'https://x.example/a b',
    'https://x.example/\r\nX: 1',
  ])('threat 28: the URL %j is refused', (url) => {
    expect(problemsOf({ ...SMALLEST, backends: [{ name: 'b', url }] })).not.toEqual([]);
  });

  test.each(['__proto__', 'constructor'])('threat 30: "%s" is an unknown key', (key) => {
    const document = JSON.parse(`{"upstreams":[],"${key}":{"listen":{"port":1}}}`);
    expect(problemsOf(document).join()).toContain(key);
  });

  test('the effective document is accepted again, and means the same', () => {
    const config = accepted({
      ...SMALLEST,
      backends: [{ name: 'b', url: 'https://b.example/', blobPath: 'blobs/{algorithm}/{hex}' }],
      routing: [{ client: { cloud: 'aws', prefixes: ['192.0.2.0/24'] }, blobs: ['b'] }],
      existence: { heldFor: '90s' },
    });
    expect(documentOf(config)).toMatchObject({
      existence: { heldFor: '90s', absentFor: '30s' },
      backends: [{ blobPath: 'blobs/{algorithm}/{hex}', url: 'https://b.example' }],
    });
    expect(accepted(documentOf(config))).toEqual(config);
  });

  test('the JSON Schema is made from the same source', () => {
    expect(configJsonSchema()).toMatchObject({ type: 'object', required: ['upstreams'] });
  });
});

describe('parseYaml', () => {
  test.each([
    ['a key given twice', 'a: 1\na: 2'],
    ['no YAML', 'a: [1'],
    [
      'a swarm of aliases',
      `a: &a [x]\n${'b: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n'.replace('b', 'b').repeat(1)}c: &c [*a,*a]\n`.concat(
        Array.from(
          { length: 12 },
          (_, n) => `d${n}: &d${n} [${`*${n === 0 ? 'c' : `d${n - 1}`},`.repeat(9)}*a]`,
        ).join('\n'),
      ),
    ],
  ])('refused: %s', (_, text) => {
    expect(parseYaml(text).ok).toBe(false);
  });
});

describe("archeio's environment", () => {
  const yaml = parseYaml(
    readFileSync(new URL('../../data/registry.k8s.io.yaml', import.meta.url), 'utf8'),
  );
  // Our own file; accepted() below reads every key of it.
  const shipped = (yaml.ok ? yaml.document : {}) as ConfigDocument;

  test('is asked for by any of its variables, but not by PORT alone', () => {
    expect(asksForArcheio({})).toBe(false);
    expect(asksForArcheio({ PORT: '80' })).toBe(false);
    expect(asksForArcheio({ DEFAULT_AWS_BASE_URL: 'https://x.example' })).toBe(true);
  });

  test('without a path, or with that of Kubernetes, its own buckets are used', () => {
    const config = accepted(
      archeioDocument(shipped, {
        UPSTREAM_REGISTRY_ENDPOINT: 'https://europe-west4-docker.pkg.dev',
        PORT: '9090',
      }),
    );
    expect(config.listen.port).toBe(9090);
    expect(config.upstreams).toMatchObject([
      { url: 'https://europe-west4-docker.pkg.dev', repositoryPrefix: 'k8s-artifacts-prod/images' },
    ]);
    expect(config.backends).toHaveLength(33);
    expect(config.canonicalUpstream).toBeUndefined();
  });

  test('with another path, everybody outside Google is served from the default base URL', () => {
    const config = accepted(
      archeioDocument(shipped, {
        UPSTREAM_REGISTRY_PATH: 'acme/images',
        DEFAULT_AWS_BASE_URL: 'https://cdn.acme.example',
      }),
    );
    expect(config.backends).toMatchObject([{ name: 'default', url: 'https://cdn.acme.example' }]);
    expect(config.routing.map(({ blobs }) => blobs)).toEqual([['upstream'], ['default']]);
  });

  test('signatures come from an endpoint of their own', () => {
    const variables = { SIGNATURE_UPSTREAM_ENDPOINT: 'https://us-central1-docker.pkg.dev' };
    const config = accepted(archeioDocument(shipped, variables));
    expect(config.canonicalUpstream).toBe('signatures');
    expect(config.upstreams[1]).toMatchObject({ repositoryPrefix: 'k8s-artifacts-prod/images' });
    const none = accepted(archeioDocument(shipped, { SIGNATURE_UPSTREAM_ENDPOINT: '' }));
    expect(none.canonicalUpstream).toBeUndefined();
  });

  test('a port that is no number is refused by name', () => {
    expect(problemsOf(archeioDocument(shipped, { PORT: '80a' })).join()).toContain('listen.port');
  });
});
