// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseMirrorConfig, selectionsOf } from './mirror.ts';

const LEAST = {
  source: { url: 'https://registry.example.org', repositories: ['team/**', 'app:v*'] },
  targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'blobs' } }],
};

const STORE = { kind: 'filesystem', directory: 'registry' };

test('the least that has to be said is a source and a target', () => {
  const result = parseMirrorConfig(LEAST);
  const config = result.ok ? result.config : expect.fail(result.problems.join());
  expect(config).toMatchObject({
    manifests: true,
    immutable: [],
    concurrency: 8,
    memory: 40 * 1024 ** 2,
    index: { validFor: 26 * 3_600_000 },
  });
  expect(selectionsOf(config).map(({ repository }) => repository)).toEqual([undefined, 'app']);
});

test.each([
  { kind: 's3', bucket: 'images' },
  { kind: 'gcs', bucket: 'images', credentialsFile: 'key.json' },
  { kind: 'azure-blob', account: 'acme', container: 'images', keyFile: 'key' },
])('a target may be %j, of which no client gets a link', (storage) => {
  const at = (more: object) => ({
    ...LEAST,
    targets: [{ name: 'dublin', storage: { ...storage, ...more } }],
  });
  expect(parseMirrorConfig(at({})).ok).toBe(true);
  expect(parseMirrorConfig(at({ redirect: true })).ok).toBe(false);
});

test('what registry and targets are asked at most is in requests and bytes', () => {
  const limits = { requestsPerSecond: 0.5, bytesPerSecond: '20MiB' };
  const [target] = LEAST.targets;
  const result = parseMirrorConfig({
    source: { ...LEAST.source, limits },
    targets: [{ ...target, limits: { bytesPerSecond: '64KiB' } }],
  });
  const config = result.ok ? result.config : expect.fail(result.problems.join());
  expect(config.source.limits).toEqual({ requestsPerSecond: 0.5, bytesPerSecond: 20 * 1024 ** 2 });
  expect(config.targets[0]?.limits).toEqual({ bytesPerSecond: 65_536 });
});

test.each([
  [
    'so few bytes that connections would be over first',
    { ...LEAST, source: { ...LEAST.source, limits: { bytesPerSecond: '8KiB' } } },
    'source.limits.bytesPerSecond: expected 64KiB or more',
  ],
  [
    'limits of a store of our own',
    { ...LEAST, source: { registry: { storage: STORE }, repositories: ['app'], limits: {} } },
    'source: limits are those of a registry by its url',
  ],
  ['a typo', { ...LEAST, tragets: [] }, 'tragets'],
  ['no target', { ...LEAST, targets: [] }, 'targets: '],
  ['nothing said of targets', { source: LEAST.source }, 'targets: has to be there'],
  [
    'two targets of one name',
    { ...LEAST, targets: [...LEAST.targets, ...LEAST.targets] },
    '"dublin" names two',
  ],
  [
    'a name that is none',
    { ...LEAST, source: { ...LEAST.source, repositories: ['App'] } },
    'source.repositories.0',
  ],
  ...[
    'MCR.example.org',
    'mcr.example.org:443',
    'https://mcr.example.org',
    'mcr.example.org/x',
    '*',
  ].map((host): [string, object, string] => [
    `${host} as a host of layers`,
    { ...LEAST, source: { ...LEAST.source, foreignLayers: ['mcr.example.org:8443', host] } },
    'source.foreignLayers.1: expected a host',
  ]),
  [
    'a registry with a path',
    { ...LEAST, source: { ...LEAST.source, url: 'https://a.example/x' } },
    'source.url: a registry has no path',
  ],
  [
    'neither registry nor layout',
    { ...LEAST, source: {} },
    'source: give one of url, registry and layout',
  ],
  [
    'a layout with repositories',
    { ...LEAST, source: { layout: 'x', repositories: ['app'] } },
    'a layout has none',
  ],
  [
    'nothing but what is taken away',
    { ...LEAST, source: { ...LEAST.source, repositories: ['!app'] } },
    'taken away from others',
  ],
  [
    'a pattern to be taken away that is none',
    { ...LEAST, source: { ...LEAST.source, repositories: ['app', '!!app'] } },
    'source.repositories.1',
  ],
  [
    'a registry by its URL and its store',
    { ...LEAST, source: { ...LEAST.source, registry: { storage: STORE } } },
    'source: give one of url, registry and layout',
  ],
  [
    'a store of a registry without repositories',
    { ...LEAST, source: { registry: { storage: STORE } } },
    'a registry needs repositories',
  ],
  [
    'images of a store',
    { ...LEAST, source: { registry: { storage: STORE }, images: ['images.yaml'] } },
    'images are mirrored of a registry by its url',
  ],
  ['a look at everything every second', { ...LEAST, sweepEvery: '1s' }, 'sweepEvery: '],
  ['an index that is over at once', { ...LEAST, index: { validFor: '1s' } }, 'index.validFor'],
])('%s is a problem that is named', (_, document, problem) => {
  const result = parseMirrorConfig(document);
  expect(result.ok ? [] : result.problems.join('\n')).toContain(problem);
});
