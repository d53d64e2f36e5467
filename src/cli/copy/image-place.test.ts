// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseImagePlace } from './image-place.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const HUB = 'registry-1.docker.io';

describe('a place of images', () => {
  test.each([
    ['docker://h.example/a/b:v1', { host: 'h.example', repository: 'a/b', reference: 'v1' }],
    [`docker://h:5000/a@${DIGEST}`, { host: 'h:5000', repository: 'a', reference: DIGEST }],
    ['docker://h.example/', { prefix: '', repository: '', reference: undefined }],
    ['docker://h.example/a/b/', { prefix: 'a/b/', repository: '' }],
    ['docker://docker.io/', { host: HUB, prefix: '' }],
    ['docker://docker.io/me/', { host: HUB, prefix: 'me/' }],
    ['docker://alpine', { host: HUB, repository: 'library/alpine', reference: undefined }],
    ['oci:/srv/x', { kind: 'layout', path: '/srv/x', reference: undefined }],
    ['oci:./x:v1', { kind: 'layout', path: './x', reference: 'v1' }],
    ['oci-archive:a.tar:team/app:v1', { kind: 'archive', path: 'a.tar', reference: 'team/app:v1' }],
    [`oci-archive:a.tar@${DIGEST}`, { kind: 'archive', path: 'a.tar', reference: DIGEST }],
    ['oci:/srv/x:y/z', { kind: 'layout', path: '/srv/x:y/z', reference: undefined }],
  ])('%s is one', (text, expected) => {
    expect(parseImagePlace(text)).toMatchObject({ text, ...expected });
  });

  test.each(['', 'oci:', 'x', './layout', 'docker://', 'docker://h.example/A', 'https://h/x'])(
    '"%s" is none',
    (text) => {
      expect(() => parseImagePlace(text)).toThrow('is no place of images');
    },
  );
});
