// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { registryClient } from '../../../test/support/registry-client.ts';
import { tagsTold, toldIn } from '../../../test/support/registry-events.ts';
import { imageOf, pushImage, pushManifest } from '../../../test/support/registry-pushes.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { openEventLog } from '../events/event-log.ts';
import type { Condemned } from '../store/condemned.ts';
import { linkKey, manifestKey, tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';

const BEFORE = imageOf('layer', { annotations: { which: 'before' } });
const PUSHED = imageOf('a layer that is collected', { annotations: { which: 'pushed' } });
const OTHER = imageOf('layer', { annotations: { which: 'other' } });
const [before, pushed, other] = [BEFORE, PUSHED, OTHER].map((manifest) => digestOf(manifest));
const LAYER = digestOf('a layer that is collected');

type Meanwhile = (storage: ReturnType<typeof memoryDriver>) => Promise<unknown>;

/** A push that moves a tag, and of which a collection takes a layer before it is acknowledged. */
async function losingPush({
  hasTag = true,
  meanwhile,
}: {
  hasTag?: boolean;
  meanwhile?: Meanwhile;
}) {
  const storage = memoryDriver();
  const events = openEventLog(storage);
  const calls = { left: Number.POSITIVE_INFINITY };
  const condemned: Condemned = {
    // A look before the push, one at its record, one at its tag, which comes too late.
    async spare() {
      calls.left -= 1;
      if (calls.left === 0) {
        await storage.remove(linkKey(LAYER, 'app'));
        await meanwhile?.(storage);
      }
      return { generation: Math.min(calls.left, 1), going: [], unsure: [] };
    },
    untilGone: async () => {},
  };
  const client = registryClient({ storage, events, condemned });
  const push = { client, repository: 'app' };
  await pushImage({ ...push, ...(hasTag && { reference: 'v1' }) }, BEFORE);
  await pushManifest(push, OTHER);
  await client.push('app', 'a layer that is collected');
  calls.left = 3;
  const answer = await pushManifest({ ...push, reference: 'v1' }, PUSHED);
  expect([answer.status, codeOf(answer)]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
  const tag = await client.ask('HEAD', 'app/manifests/v1');
  return { storage, digest: tag.headers['docker-content-digest'] };
}

test('a tag that was moved by a push that fails is where it was, and whoever listens knows', async () => {
  const { storage, digest } = await losingPush({});
  expect(digest).toBe(before);
  expect((await toldIn(storage)).slice(-2)).toEqual([
    `tag.set app:v1 ${pushed}`,
    `tag.set app:v1 ${before}`,
  ]);
  expect(await keysIn(storage, 'events/pending/')).toEqual([]);
});

test('a tag that was new goes', async () => {
  const { storage, digest } = await losingPush({ hasTag: false });
  expect(digest).toBeUndefined();
  expect((await toldIn(storage)).at(-1)).toBe(`tag.deleted app:v1 ${pushed}`);
});

test('a tag goes whose manifest of before is gone, too', async () => {
  const meanwhile: Meanwhile = (storage) => storage.remove(manifestKey('app', digestOf(BEFORE)));
  const { storage, digest } = await losingPush({ meanwhile });
  expect(digest).toBeUndefined();
  expect((await tagsTold(storage, 'app')).get('v1')).toBeUndefined();
});

test('a tag that somebody else has moved meanwhile is theirs', async () => {
  const record = { digest: other, mediaType: 'x', size: 1, pushedAt: 1, nonce: 'theirs' };
  const meanwhile: Meanwhile = (storage) =>
    storage.write(tagKey('app', 'v1'), JSON.stringify(record));
  expect((await losingPush({ meanwhile })).digest).toBe(other);
});
