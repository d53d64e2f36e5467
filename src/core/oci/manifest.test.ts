// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseManifest } from './manifest.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_ARTIFACT,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from './media-type.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: DIGEST, size: 2 };
const LAYER = { mediaType: OCI_LAYER_GZIP, digest: `sha512:${'b'.repeat(128)}`, size: 5 };
const CHILD = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 7, platform: { os: 'linux' } };
const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [CHILD] };

function parse(document: unknown, contentType?: string) {
  return parseManifest(JSON.stringify(document), contentType);
}

function accepted(manifest: object) {
  return { ok: true, manifest: { layers: [], manifests: [], ...manifest } };
}

describe('parseManifest', () => {
  test.each([OCI_MANIFEST, DOCKER_MANIFEST])('reads an image of %s', (mediaType) => {
    const fields = {
      subject: CHILD,
      artifactType: 'text/x',
      annotations: { a: 'b' },
    };
    expect(parse({ ...IMAGE, mediaType, ...fields }, `${mediaType}; charset=utf-8`)).toEqual(
      accepted({ kind: 'image', mediaType, config: CONFIG, layers: [LAYER], ...fields }),
    );
  });

  test.each([OCI_INDEX, DOCKER_LIST])('reads an index of %s', (mediaType) => {
    expect(parse({ ...INDEX, mediaType }, mediaType)).toEqual(
      accepted({ kind: 'index', mediaType, manifests: [CHILD] }),
    );
  });

  test('reads an artifact of the release candidates, whose layers are called blobs', () => {
    expect(parse({ mediaType: OCI_ARTIFACT, blobs: [LAYER], subject: CHILD })).toEqual(
      accepted({ kind: 'artifact', mediaType: OCI_ARTIFACT, layers: [LAYER], subject: CHILD }),
    );
  });

  test.each([
    [{ config: CONFIG, layers: [] }, OCI_MANIFEST],
    [{ manifests: [] }, OCI_INDEX],
  ])('%j may leave its media type out', (document, mediaType) => {
    expect(parse(document)).toMatchObject({ ok: true, manifest: { mediaType } });
    expect(parse(document, mediaType)).toMatchObject({ ok: true, manifest: { mediaType } });
  });

  test('takes null for an empty list and for an absent field, as encoders in Go write it', () => {
    expect(parse({ ...INDEX, manifests: null, subject: null, annotations: null })).toEqual(
      accepted({ kind: 'index', mediaType: OCI_INDEX }),
    );
  });

  test.each([
    ['{"anything": [1, 2]}'],
    ['{"mediaType": "application/vnd.example.thing", "layers": 7}'],
    ['no json'],
    [''],
    ['['.repeat(100_000)],
  ])('a media type we do not know is opaque: %.50s', (text) => {
    const mediaType = 'application/vnd.example.thing';
    expect(parseManifest(text, mediaType)).toEqual(accepted({ kind: 'opaque', mediaType }));
  });
});

describe('parseManifest refuses what two readers could read as two things (CVE-2021-41190)', () => {
  test.each([
    ['both lists', { ...IMAGE, manifests: [CHILD] }, 'it has both layers and manifests'],
    ['an empty second list', { ...INDEX, layers: [] }, 'it has both layers and manifests'],
    ['an index with a config', { ...INDEX, config: CONFIG }, 'an index has no config'],
    ['schema 1 in schema 2', { ...IMAGE, fsLayers: [] }, 'an image has no fsLayers'],
    [
      'an artifact with layers',
      { mediaType: OCI_ARTIFACT, layers: [] },
      'an artifact has no layers',
    ],
    [
      'a key in capitals',
      { ...IMAGE, Manifests: [] },
      'only case tells one of its keys from "manifests"',
    ],
  ])('%s', (_, document, problem) => {
    expect(parse(document)).toEqual({ ok: false, problem });
  });

  test('a media type that is not its Content-Type', () => {
    const problem = `its mediaType "${OCI_MANIFEST}" is not its Content-Type "${OCI_INDEX}"`;
    expect(parse(IMAGE, OCI_INDEX)).toEqual({ ok: false, problem });
    expect(parse(IMAGE, 'application/vnd.example.thing')).toMatchObject({ ok: false });
  });

  test('both lists under a media type we do not know', () => {
    expect(parse({ layers: [], manifests: [] }, 'application/vnd.example.thing')).toMatchObject({
      ok: false,
    });
  });

  test.each([
    ['{"mediaType":"a/b","mediaType":"c/d"}', 'the key "mediaType" comes twice'],
    ['{"layers":[],"l\\u0061yers":[]}', 'the key "layers" comes twice'],
    [`{"${'k'.repeat(100)}":1,"${'k'.repeat(100)}":2}`, `the key "${'k'.repeat(64)}…" comes twice`],
  ])('a key that comes twice: %.50s', (text, problem) => {
    expect(parseManifest(text)).toEqual({ ok: false, problem });
  });
});

test('a list cannot be hidden behind a key that JSON.parse was taught to misread', () => {
  JSON.parse('{"schemaVersion":1,"\\\\u006dani":2}');
  const text = `{"schemaVersion":2,"\\u006danifests":[],${JSON.stringify(IMAGE).slice(19)}`;
  expect(parseManifest(text)).toEqual({
    ok: false,
    problem: 'the key "manifests" is spelled with escapes',
  });
});

describe('parseManifest says what is wrong', () => {
  test.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    [`{"a":${'['.repeat(100_000)}`, 'it is nested too deep'],
    ['{}', 'it has no mediaType'],
  ])('%.50s', (text, problem) => {
    expect(parseManifest(text)).toEqual({ ok: false, problem });
  });

  test.each([
    [{ ...IMAGE, mediaType: 7 }, 'its mediaType is none'],
    [{ ...IMAGE, mediaType: 'Text/Plain' }, 'its mediaType is none'],
    [{ ...IMAGE, schemaVersion: 1 }, 'its schemaVersion is not 2'],
    [{ ...IMAGE, artifactType: 7 }, 'its artifactType is no text'],
    [{ ...IMAGE, annotations: { a: 1 } }, 'its annotations are invalid'],
    [{ ...IMAGE, config: undefined }, 'an image needs config'],
    [{ ...IMAGE, config: 'x' }, 'config is no object'],
    [{ ...IMAGE, layers: {} }, 'layers is no list'],
    [
      { ...IMAGE, layers: [LAYER, { ...LAYER, digest: 'sha256:../../x' }] },
      'layers[1] has no valid digest',
    ],
    [{ ...IMAGE, subject: { ...CHILD, size: -1 } }, 'subject has no valid size'],
    [{ ...INDEX, manifests: undefined }, 'an index needs manifests'],
    [{ ...INDEX, manifests: [7] }, 'manifests[0] is no object'],
  ])('%j', (document, problem) => {
    expect(parse(document)).toEqual({ ok: false, problem });
  });

  test('a Content-Type that could not be sent again', () => {
    expect(parse(IMAGE, 'nonsense')).toEqual({ ok: false, problem: 'invalid Content-Type' });
  });
});

test('keys that objects inherit are keys like any other', () => {
  const annotations = '{"__proto__": "x", "constructor": "y"}';
  const text = JSON.stringify(IMAGE).replace(
    '{',
    `{"__proto__": {"layers": [], "manifests": []}, "constructor": 1, "annotations": ${annotations},`,
  );
  const parsed = parseManifest(text);
  expect(parsed).toMatchObject({ ok: true, manifest: { layers: [LAYER], config: CONFIG } });
  expect(JSON.stringify(parsed)).toContain('"annotations":{"__proto__":"x","constructor":"y"}');
  expect(({} as Record<string, unknown>)['layers']).toBeUndefined();
});
