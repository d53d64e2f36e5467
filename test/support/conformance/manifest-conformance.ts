// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { sha256Of } from '../image-documents.ts';
import { platforms } from './content-kinds.ts';
import { addImage, contentSet } from './content-set.ts';
import { expectListed, expectManifest } from './pull-conformance.ts';
import { expectStored, pushBlobs, putManifest } from './push-set.ts';
import type { Wire } from './wire.ts';

const repository = 'conformance/one';

/** What the version to come of the specification says: https://github.com/opencontainers/distribution-spec/pull/600 */
function tagParameters(start: () => Promise<Wire>): void {
  test.each(['sha256', 'sha512'] as const)('a push by %s digest takes tags', async (algorithm) => {
    const [wire, set] = [await start(), contentSet(algorithm)];
    const target = { wire, repository };
    platforms(set);
    await pushBlobs(target, set);
    for (const [index, manifest] of set.manifests.entries()) {
      // Ten are the least that a registry has to take.
      const tags = Array.from({ length: 10 }, (_, each) => `v${index}.${each}`);
      const query = new URLSearchParams(tags.map((tag) => ['tag', tag]));
      const answer = await putManifest(target, manifest, `${manifest.digest}?${query}`);
      await expectStored(target, manifest, answer);
      expect(answer.headers.get('oci-tag')?.split(', ')).toEqual(tags);
      for (const tag of tags) {
        set.tags.set(tag, manifest);
        await expectManifest(wire, `${repository}/manifests/${tag}`, manifest);
      }
    }
    await expectListed({ wire, repository, set });
  });

  test('too many tags at once are refused, and nothing is stored', async () => {
    const [wire, set] = [await start(), contentSet()];
    const image = addImage(set);
    await pushBlobs({ wire, repository }, set);
    const query = Array.from({ length: 101 }, (_, index) => `tag=v${index}`).join('&');
    const answer = await putManifest({ wire, repository }, image, `${image.digest}?${query}`);
    expect(answer.status).toBe(414);
    expect((await wire.send('HEAD', `${repository}/manifests/${image.digest}`)).status).toBe(404);
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
function refusals(start: () => Promise<Wire>): void {
  const pushedBlobs = async () => {
    const [wire, set] = [await start(), contentSet()];
    const image = addImage(set);
    await pushBlobs({ wire, repository }, set);
    return { target: { wire, repository }, wire, image };
  };

  test('a manifest that is not what its digest says', async () => {
    const { target, wire, image } = await pushedBlobs();
    const bytes = Buffer.concat([image.bytes, Buffer.from('  ')]);
    const answer = await putManifest(target, { ...image, bytes });
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID']);
    expect((await wire.send('HEAD', `${repository}/manifests/${image.digest}`)).status).toBe(404);
  });

  test('a digest that cannot be one, pushed and pulled', async () => {
    const { target, wire, image } = await pushedBlobs();
    const pushed = await putManifest(target, image, 'sha256:baddigeststring');
    expect([pushed.status, pushed.code]).toEqual([400, 'DIGEST_INVALID']);
    const pulled = await wire.send('GET', `${repository}/manifests/sha256:baddigeststring`);
    expect([pulled.status, pulled.code]).toEqual([400, 'DIGEST_INVALID']);
  });

  test.each([['absent'], [sha256Of('absent')]])('the manifest %s is not there', async (name) => {
    const { target, wire, image } = await pushedBlobs();
    await putManifest(target, image);
    const answer = await wire.send('GET', `${repository}/manifests/${name}`);
    expect([answer.status, answer.code]).toEqual([404, 'MANIFEST_UNKNOWN']);
  });
}

export function manifestConformance(start: () => Promise<Wire>): void {
  describe('tags as parameters', () => tagParameters(start));
  describe('what is refused', () => refusals(start));
}
