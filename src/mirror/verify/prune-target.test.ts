// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fakeMirrorSource } from '../../../test/support/mirror-source.ts';
import {
  HOUR,
  type PrunedWorld,
  prunedWorld,
  shortOf,
} from '../../../test/support/pruned-world.ts';
import { addImage } from '../../../test/support/registry-images.ts';
import { digestTable } from '../../core/mirroring/digest-table.ts';
import { parseBlobPath } from '../../core/routing/blob-path.ts';
import { digestOf } from '../../registry/store/verify-body.ts';
import { publishTargetIndex } from '../target-index.ts';

const blobPath = parseBlobPath('containers/images/{digest}') ?? expect.fail('it is a path');
const STRAY = digestOf('stray');

async function littered(hasIndex = true): Promise<PrunedWorld> {
  const source = fakeMirrorSource();
  source.tag('tool', 'v1', addImage(source.images, 'amd64').digest);
  const own = prunedWorld(source, { hasIndex });
  expect(await own.run()).toEqual([]);
  await own.store.write(`containers/images/${STRAY}`, 'stray');
  return own;
}

/** Somebody publishes what a listing shows, and knows of nothing else. */
async function publishBlindly({ store, clock }: PrunedWorld): Promise<void> {
  const held = digestTable();
  held.set(STRAY, 5);
  await publishTargetIndex(
    { name: 'dublin', store, blobPath, held },
    {
      url: 'https://dublin.example',
      createdAt: clock.now,
      validUntil: clock.now + 5 * HOUR,
      privateKey: undefined,
      seen: undefined,
      settle: async () => {},
    },
  );
}

test('a target without an index is pruned when the grace period is over', async () => {
  const own = await littered(false);
  expect(await own.prune(HOUR)).toEqual([]);
  expect(await own.prune(HOUR)).toEqual([]);
  expect(await own.held()).toContain(STRAY);
  own.clock.now += HOUR;
  expect(await own.prune(HOUR)).toEqual([]);
  expect(await own.held()).not.toContain(STRAY);
});

test('an index that nobody can take anything out of keeps everything, and that is said', async () => {
  const own = await littered(false);
  await publishBlindly(own);
  expect((await own.prune(0))[0]).toMatch(/^dublin: it has an index, and no publicUrl/);
  own.clock.now += 10 * HOUR;
  await own.prune(0);
  expect(await own.held()).toContain(STRAY);
});

test('what the index in force claims all the same is not deleted before it was out of it once more', async () => {
  const own = await littered();
  await own.prune(0);
  own.clock.now += 4 * HOUR;
  await publishBlindly(own);
  expect(await own.claims()).toContain(shortOf(STRAY));
  expect(await own.prune(0)).toEqual([]);
  expect(await own.claims()).not.toContain(shortOf(STRAY));
  own.clock.now += 4 * HOUR;
  await own.prune(0);
  expect(await own.held()).toContain(STRAY);
  own.clock.now += 2 * HOUR;
  await own.prune(0);
  expect(await own.held()).not.toContain(STRAY);
  expect(own.broken).toEqual([]);
});

test('while the index in force cannot be read nothing is deleted', async () => {
  const own = await littered();
  await own.prune(0);
  own.clock.now += 4 * HOUR;
  await own.store.write('archeion/index', 'nothing');
  await own.prune(0);
  expect(await own.held()).toContain(STRAY);
});
