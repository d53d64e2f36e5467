// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../core/oci/media-type.ts';
import { IMAGE_NAME, imagesOf, openLayoutImages } from './layout-images.ts';
import { REF_NAME } from './layout-index.ts';

const digestOf = (digit: string): Digest =>
  parseDigest(`sha256:${digit.repeat(64)}`) ?? expect.fail('it is one');
const entry = (digit: string, annotations: Record<string, string> = {}) => ({
  mediaType: OCI_MANIFEST,
  digest: digestOf(digit),
  size: 2,
  annotations,
});

describe('what the index of a layout names', () => {
  test.each([
    ['a tag', { [REF_NAME]: 'v1' }, { tag: 'v1' }],
    [
      'a repository and a tag',
      { [REF_NAME]: 'team/app:v1' },
      { repository: 'team/app', tag: 'v1' },
    ],
    [
      'a whole name',
      { [REF_NAME]: 'v1', [IMAGE_NAME]: 'h.example/team/app:v1' },
      { host: 'h.example', repository: 'team/app', tag: 'v1' },
    ],
    [
      'a whole name without a tag',
      { [IMAGE_NAME]: `h.example/app@${digestOf('a')}` },
      { host: 'h.example', repository: 'app' },
    ],
    ['something else', { [REF_NAME]: '../etc' }, {}],
  ])('%s', (_, annotations, expected) => {
    const none = { host: undefined, repository: undefined, tag: undefined };
    const image = { digest: digestOf('a'), ...none, ...expected };
    expect(imagesOf([entry('a', annotations), entry('b')])).toEqual([image]);
  });

  test('everything, where nothing has a name', () => {
    expect(imagesOf([entry('a'), entry('b')])).toHaveLength(2);
  });
});

test('a tag that means two images is refused', async () => {
  const manifests = [entry('a', { [REF_NAME]: 'v1' }), entry('b', { [REF_NAME]: 'x:v1' })];
  const documents = new Map([
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ['index.json', JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })],
  ]);
  const read = async (path: string) => Buffer.from(documents.get(path) ?? '');
  const files = { read, stream: async () => undefined };
  const { contentOf } = await openLayoutImages({ name: 'oci:x', files });
  expect(() => contentOf('x').fetchManifest('v1')).toThrow('more than one image');
  await expect(contentOf('y').fetchManifest('v2')).resolves.toBeUndefined();
  await expect(contentOf('y').listTags()).resolves.toEqual(['v1']);
});
