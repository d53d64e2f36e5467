// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseRegistryRoute } from './registry-route.ts';

const HEX = 'a'.repeat(64);

describe('parseRegistryRoute', () => {
  test.each([
    { path: '/v2', kind: 'api-check' },
    { path: '/v2/', kind: 'api-check' },
    { path: '/v2/_catalog', kind: 'catalog' },
    { path: '/v2/_catalog/', kind: 'catalog' },
    { path: '/v2/%5fcatalog', kind: 'catalog' },
    { path: '/v2/a/_catalog/', kind: 'unknown' },
    { path: '/v2/_catalog/x', kind: 'unknown' },
    { path: '/v2evil/foo', kind: 'unknown' },
    { path: '/v2evil/foo/manifests/latest', kind: 'unknown' },
    { path: '/v2/foo', kind: 'unknown' },
    { path: '/v2/foo/', kind: 'unknown' },
    { path: '/v2/foo/bar', kind: 'unknown' },
    { path: '/v2/foo/tags/lists', kind: 'unknown' },
    { path: '/v2/foo/%zz/latest', kind: 'unknown' },
    { path: '/', kind: 'unknown' },
  ])('$path is $kind', ({ path, kind }) => {
    expect(parseRegistryRoute(path).kind).toBe(kind);
  });

  test.each([
    ['foo', 'foo'],
    ['a/b/c', 'a/b/c'],
    ['a/blobs/b', 'a/blobs/b'],
    ['foo/manifests', 'foo/manifests'],
    ['a%2eb', 'a.b'],
  ])('a name may have several parts: %s', (text, repository) => {
    expect(parseRegistryRoute(`/v2/${text}/manifests/v1`)).toEqual({
      kind: 'manifest',
      repository,
      reference: { kind: 'tag', tag: 'v1' },
    });
    expect(parseRegistryRoute(`/v2/${text}/tags/list`)).toEqual({ kind: 'tags', repository });
    expect(parseRegistryRoute(`/v2/${text}/blobs/sha256:${HEX}`)).toEqual({
      kind: 'blob',
      repository,
      digest: `sha256:${HEX}`,
    });
    expect(parseRegistryRoute(`/v2/${text}/referrers/sha512:${HEX}${HEX}`)).toEqual({
      kind: 'referrers',
      repository,
      digest: `sha512:${HEX}${HEX}`,
    });
  });

  test('a manifest is asked for by digest too, its colon encoded or not', () => {
    const byDigest = { kind: 'digest', digest: `sha256:${HEX}` };
    for (const colon of [':', '%3A', '%3a']) {
      expect(parseRegistryRoute(`/v2/foo/manifests/sha256${colon}${HEX}`)).toMatchObject({
        reference: byDigest,
      });
    }
  });

  test.each([
    '/v2/../../other/images/foo/manifests/latest',
    '/v2/%2e%2e/%2e%2e/other/manifests/latest',
    '/v2/foo%2fbar/manifests/latest',
    '/v2/foo%2Fbar/tags/list',
    '/v2/Foo/manifests/latest',
    '/v2/foo//bar/manifests/latest',
    '/v2//manifests/latest',
    '/v2/manifests/latest',
    '/v2/foo%00/blobs/sha256:x',
    '/v2/foo%zz/referrers/sha256:x',
    '/v2/f%c3%b6%c3%b6/manifests/latest',
    `/v2/${'a'.repeat(256)}/manifests/latest`,
  ])('%s has no valid name', (path) => {
    expect(parseRegistryRoute(path)).toMatchObject({ kind: 'invalid', code: 'NAME_INVALID' });
  });

  test.each([
    ['/v2/foo/manifests/x%3Fevil=1%23frag', 'MANIFEST_INVALID'],
    ['/v2/foo/manifests/', 'MANIFEST_INVALID'],
    ['/v2/foo/manifests/%zz', 'MANIFEST_INVALID'],
    ['/v2/foo/manifests/a%2fb', 'MANIFEST_INVALID'],
    [`/v2/foo/manifests/${'a'.repeat(129)}`, 'MANIFEST_INVALID'],
    ['/v2/foo/manifests/sha256:abc', 'DIGEST_INVALID'],
  ])('%s is no reference', (path, code) => {
    expect(parseRegistryRoute(path)).toMatchObject({ kind: 'invalid', code });
  });
});

describe('uploads', () => {
  const id = '0123456789abcdef'.repeat(2);

  test.each(['foo', 'a/b', 'a/blobs/uploads', 'a/blobs'])(
    'belong to a repository: %s',
    (repository) => {
      expect(parseRegistryRoute(`/v2/${repository}/blobs/uploads/`)).toEqual({
        kind: 'uploads',
        repository,
      });
      expect(parseRegistryRoute(`/v2/${repository}/blobs/uploads/${id}`)).toEqual({
        kind: 'upload',
        repository,
        id,
      });
    },
  );

  test.each(['x', '..%2f..', '%2e%2e', '%zz', id.toUpperCase(), `${id}0`, id.slice(1), `${id}%00`])(
    'threat 20: no upload is called %s',
    (text) => {
      expect(parseRegistryRoute(`/v2/foo/blobs/uploads/${text}`)).toEqual({
        kind: 'upload',
        repository: 'foo',
        id: undefined,
      });
    },
  );

  test.each([
    ['/v2/foo/uploads/x', 'unknown'],
    ['/v2/uploads/x', 'unknown'],
    ['/v2/blobs/uploads/', 'invalid'],
    ['/v2/Foo/blobs/uploads/', 'invalid'],
    ['/v2/%zz/blobs/uploads/x', 'invalid'],
    ['/v2/foo/blobs/uploads', 'invalid'],
    [`/v2/foo/blobs/uploads/${id}/`, 'unknown'],
  ])('%s is %s', (path, kind) => {
    expect(parseRegistryRoute(path).kind).toBe(kind);
  });
});

const BAD_DIGESTS = [
  'sha256:%2e%2e%2f%2e%2e%2fx',
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(65)}`,
  `sha512:${HEX}`,
  `md5:${'a'.repeat(32)}`,
  `sha256:${HEX}%00`,
  `sha256:${HEX}%2f`,
  `sha256:${HEX}%3Fcb=1:a`,
  `sha256:${'a'.repeat(63)}%CE%B1`,
  `sha256%3A${'a'.repeat(63)}`,
  `${HEX}`,
  'sha256:',
  '%zz',
  '',
];

test.each(BAD_DIGESTS)('threat 16: the digest "%s" is refused', (text) => {
  for (const kind of ['blobs', 'referrers']) {
    expect(parseRegistryRoute(`/v2/foo/${kind}/${text}`)).toMatchObject({
      kind: 'invalid',
      code: 'DIGEST_INVALID',
    });
  }
});

test('threat 29: hostile names are read in linear time and never throw', () => {
  const long = 64 * 1024;
  const hostile = ['-', '_', '.', 'a-', 'a/', '%', '%2', '/', 'a__', '\u0000'].map((part) =>
    part.repeat(long / part.length),
  );
  fc.assert(
    fc.property(fc.constantFrom(...hostile), fc.string(), (name, tail) => {
      expect(parseRegistryRoute(`/v2/a${name}/manifests/${tail}`)).toBeDefined();
      expect(parseRegistryRoute(`/v2/a/blobs/${name}${tail}`)).toBeDefined();
    }),
    { numRuns: Math.min(PROPERTY_RUNS, 2_000) }, // each run reads 128 KiB
  );
});

test('threat 29: any text at all is read without throwing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(parseRegistryRoute(text).kind).toBeDefined();
      expect(parseRegistryRoute(`/v2/${text}`).kind).toBeDefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
