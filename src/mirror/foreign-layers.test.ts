// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sha256Of } from '../../test/support/image-documents.ts';
import { foreignLayersOf } from './foreign-layers.ts';
import { type ForeignLayer, type KnownManifest, NOTHING_KNOWN } from './known-repository.ts';

const NOTHING: KnownManifest = {
  mediaType: 'text/x',
  size: 1,
  manifests: [],
  blobs: [],
  foreign: 0,
  referrers: [],
};

function layer(text: string, ...urls: string[]): ForeignLayer {
  return { digest: sha256Of(text), size: text.length, urls };
}

/** What becomes of them in a repository that has an image without any besides. */
function becoming(...elsewhere: ForeignLayer[]) {
  const image = { ...NOTHING, foreign: elsewhere.length, elsewhere };
  const manifests = new Map([
    [sha256Of('image'), image],
    [sha256Of('other'), NOTHING],
  ]);
  return { repository: 'app', known: { ...NOTHING_KNOWN, manifests } };
}

const hosts = { allowed: (urls: readonly string[]) => urls.filter((url) => url.includes('good')) };

test('layers that a host may be asked for are wanted, with the URLs it may be asked at', () => {
  const { wanted, left } = foreignLayersOf(
    becoming(layer('one', 'bad', 'good', 'good too'), layer('two!', 'bad'), layer('three')),
    hosts,
  );
  expect(left).toBe(2);
  expect(wanted).toEqual([
    {
      kind: 'blob',
      digest: sha256Of('one'),
      size: 3,
      mediaType: 'application/octet-stream',
      repository: 'app',
      urls: ['good', 'good too'],
    },
  ]);
});

test('without hosts all of them are left where they are', () => {
  expect(foreignLayersOf(becoming(layer('one', 'good')), undefined)).toEqual({
    wanted: [],
    left: 1,
  });
});
