// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import {
  addImage,
  addIndex,
  type ContentSet,
  contentSet,
} from '../support/conformance/content-set.ts';
import { expectPulled } from '../support/conformance/pull-conformance.ts';
import { pushBlobs, pushSet, putManifest } from '../support/conformance/push-set.ts';
import { wireOver } from '../support/conformance/start-wire.ts';

const repository = 'conformance/one';

/** Like a copy of one platform out of several: the other one's manifest is not among what is pushed. */
function sparseIndex(): ContentSet {
  const set = contentSet();
  const elsewhere = addImage(contentSet());
  set.tags.set('sparse', addIndex(set, [addImage(set), elsewhere]));
  return set;
}

test('an index lacks a platform where that is allowed, and what is there is pulled', async () => {
  const wire = await wireOver(memoryDriver(), { acceptMissingReferences: true });
  const set = sparseIndex();
  await pushSet({ wire, repository }, set);
  await expectPulled({ wire, repository, set });
});

test('an index that lacks a platform is refused where that is not allowed', async () => {
  const target = { wire: await wireOver(memoryDriver()), repository };
  const set = sparseIndex();
  await pushBlobs(target, set);
  const [image, index] = [set.manifests.at(0), set.manifests.at(1)];
  const answers = [image, index].map((manifest) => manifest && putManifest(target, manifest));
  expect(await Promise.all(answers)).toMatchObject([
    { status: 201 },
    { status: 404, code: 'MANIFEST_BLOB_UNKNOWN' },
  ]);
});

test.each([true, false])(
  'an image that lacks a layer is refused, whatever an index may lack: %s',
  async (acceptMissingReferences) => {
    const wire = await wireOver(memoryDriver(), { acceptMissingReferences });
    const set = contentSet();
    const image = addImage(set);
    const [, layer] = [...set.blobs.keys()];
    set.blobs.delete(layer ?? image.digest);
    await pushBlobs({ wire, repository }, set);
    const answer = await putManifest({ wire, repository }, image);
    expect(answer).toMatchObject({ status: 404, code: 'MANIFEST_BLOB_UNKNOWN' });
    const path = `${repository}/manifests/${image.digest}`;
    expect((await wire.send('HEAD', path)).status).toBe(404);
  },
);
