// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import * as types from './media-type.ts';

describe('manifestKindOf', () => {
  test.each([
    [types.OCI_MANIFEST, 'image'],
    [types.DOCKER_MANIFEST, 'image'],
    [types.OCI_INDEX, 'index'],
    [types.DOCKER_LIST, 'index'],
    [types.OCI_ARTIFACT, 'artifact'],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', 'opaque'],
    ['constructor', 'opaque'],
  ])('%s is %s', (mediaType, kind) => {
    expect(types.manifestKindOf(mediaType)).toBe(kind);
  });
});

describe('parseMediaType', () => {
  test.each([
    [types.OCI_INDEX, types.OCI_INDEX],
    ['Application/JSON; charset=utf-8', 'application/json'],
    [' text/plain ', 'text/plain'],
    ['text', undefined],
    ['text/', undefined],
    ['', undefined],
    ['text/plain\r\nx: y', undefined],
    ['text/plän', undefined],
    [`text/${'a'.repeat(128)}`, undefined],
  ])('%j is %j', (text, mediaType) => {
    expect(types.parseMediaType(text)).toBe(mediaType);
  });
});

test.each([
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', true],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', true],
  [types.OCI_LAYER_GZIP, false],
])('a layer of type %s may be foreign: %s', (mediaType, expected) => {
  expect(types.isForeignLayer(mediaType)).toBe(expected);
});
