// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { isSchema1, parseSchema1 } from './schema1.ts';

const ONE = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

test('layers are those of fsLayers, each once', () => {
  const fsLayers = [{ blobSum: ONE }, { blobSum: OTHER }, { blobSum: ONE }];
  expect(parseSchema1(JSON.stringify({ schemaVersion: 1, fsLayers }))).toEqual([ONE, OTHER]);
});

test.each<[unknown, string]>([
  [[], 'it is no JSON object'],
  [{ schemaVersion: 2, fsLayers: [] }, 'its schemaVersion is not 1'],
  [{ schemaVersion: 1 }, 'it has no fsLayers'],
  [{ schemaVersion: 1, fsLayers: [{ blobSum: ONE }, {}] }, 'fsLayers[1] has no digest'],
  [{ schemaVersion: 1, fsLayers: ['x'] }, 'fsLayers[0] has no digest'],
  [{ schemaVersion: 1, fsLayers: [{ blobSum: '../../etc' }] }, 'fsLayers[0] has no digest'],
])('%j is none: %s', (document, problem) => {
  expect(parseSchema1(JSON.stringify(document))).toBe(problem);
});

test.each([
  ['application/vnd.docker.distribution.manifest.v1+json', true],
  ['application/vnd.docker.distribution.manifest.v1+prettyjws', true],
  ['application/vnd.docker.distribution.manifest.v2+json', false],
  ['application/json', false],
])('%s is of the first schema: %s', (mediaType, is) => {
  expect(isSchema1(mediaType)).toBe(is);
});
