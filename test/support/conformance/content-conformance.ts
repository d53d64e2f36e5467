// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { CONTENT_KINDS } from './content-kinds.ts';
import { expectListed, expectPulled, expectReferrers } from './pull-conformance.ts';
import { expectStored, pushBlobs, pushSet, putUnsized, type Target } from './push-set.ts';
import type { Wire } from './wire.ts';

/** Whatever is pushed is there as it was pushed, and goes when it is deleted. */
export function contentConformance(start: () => Promise<Wire>): void {
  describe.each(CONTENT_KINDS)('%s', (_, make) => {
    const repository = 'conformance/one';

    test('is pushed, pulled, listed and found by its subject', async () => {
      const [wire, set] = [await start(), make()];
      await pushSet({ wire, repository }, set);
      await expectPulled({ wire, repository, set });
      await expectListed({ wire, repository, set });
      await expectReferrers({ wire, repository, set });
    });

    test('is pushed when the length of no manifest is told', async () => {
      const [target, set] = [{ wire: await start(), repository }, make()];
      await pushBlobs(target, set);
      for (const manifest of set.manifests) {
        await expectStored(target, manifest, await putUnsized(target, manifest));
      }
    });

    test('is deleted from its tags to its blobs, and each is gone at once', async () => {
      const [wire, set] = [await start(), make()];
      await pushSet({ wire, repository }, set);
      const target = { wire, repository };
      for (const tag of set.tags.keys()) await expectDeleted(target, `manifests/${tag}`);
      for (const { digest } of set.manifests.toReversed()) {
        await expectDeleted(target, `manifests/${digest}`);
      }
      for (const digest of set.blobs.keys()) await expectDeleted(target, `blobs/${digest}`);
      for (const subject of set.referrers.keys()) {
        const { bytes } = await wire.send('GET', `${repository}/referrers/${subject}`);
        expect(JSON.parse(bytes.toString()).manifests).toEqual([]);
      }
    });
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management */
async function expectDeleted({ wire, repository }: Target, path: string): Promise<void> {
  const statuses: number[] = [];
  for (const method of ['HEAD', 'DELETE', 'HEAD', 'GET', 'DELETE']) {
    statuses.push((await wire.send(method, `${repository}/${path}`)).status);
  }
  expect(statuses).toEqual([200, 202, 404, 404, 404]);
}
