// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sha256Of } from '../../test/support/image-documents.ts';
import { type KnownManifest, NOTHING_KNOWN } from './known-repository.ts';
import { gathering } from './plan-targets.ts';

const LAYER = { digest: sha256Of('layer'), size: 5, urls: ['https://mcr.example/layer'] };
const BARE = { mediaType: 'text/x', size: 1, manifests: [], referrers: [] };

function found(repository: string, manifest: KnownManifest) {
  const manifests = new Map([[sha256Of('image'), manifest]]);
  return { repository, known: { ...NOTHING_KNOWN, manifests } };
}

test('a layer that one repository has, and another one only names the place of, is asked of the first', () => {
  const foreign = { allowed: (urls: readonly string[]) => urls };
  const gathered = gathering([], { includesManifests: false, foreign });
  gathered.add(found('windows', { ...BARE, blobs: [], foreign: 1, elsewhere: [LAYER] }));
  gathered.add(found('app', { ...BARE, blobs: [[LAYER.digest, LAYER.size]], foreign: 0 }));
  const objects = [...gathered.complete().objects()];
  expect(objects).toMatchObject([{ digest: LAYER.digest, repository: 'app' }]);
  expect(objects[0]).not.toHaveProperty('urls');
  expect(gathered.counts).toEqual({ repositories: 2, foreign: 0 });
});
