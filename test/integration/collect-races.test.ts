// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { OCI_INDEX } from '../../src/core/oci/media-type.ts';
import { ensureLayout } from '../../src/registry/store/ensure-layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { verifyStore } from '../../src/registry/verify/verify-store.ts';
import { collectingRegistry } from '../support/collecting-registry.ts';
import { actor } from '../support/interleave.ts';
import type { RegistryClient } from '../support/registry-client.ts';
import { imageOf, indexOf, pushManifest } from '../support/registry-pushes.ts';
import { all, keysIn } from '../support/storage-reading.ts';

const LAYER = 'a layer that nobody refers to';
const layer = digestOf(LAYER);
const IMAGE = imageOf(LAYER);
const OLD = imageOf('{}', { annotations: { is: 'untagged' } });
const INDEX = indexOf([OLD]);
const DAY = 86_400_000;
const UNTAGGED_AFTER = 7 * DAY;

type Paths = readonly string[];

/** What somebody does while it is collected: gives the paths that it was told are there. */
const PUSHES: Readonly<Record<string, (client: RegistryClient) => Promise<Paths>>> = {
  'a blob in one request': async (client) =>
    granted(await client.push('app', LAYER), `app/blobs/${layer}`),
  'a blob in pieces': async (client) => {
    const upload = await client.start('app');
    await client.ask('PATCH', upload, { body: LAYER });
    const put = await client.ask('PUT', `${upload}?digest=${layer}`);
    return granted(put, `app/blobs/${layer}`);
  },
  'a mount': async (client) => {
    const answer = await client.ask('POST', `new/blobs/uploads/?mount=${layer}&from=app`);
    return answer.status === 201 ? [`new/blobs/${layer}`] : [];
  },
  'a manifest': async (client) => {
    const answer = await pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
    return granted(answer, 'app/manifests/v1', `app/blobs/${layer}`);
  },
  'a whole image': async (client) => {
    const blob = await client.push('app', LAYER);
    const answer = await pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
    return [
      ...granted(answer, 'app/manifests/v1', `app/blobs/${layer}`),
      ...(answer.status === 201 ? [] : granted(blob)),
    ];
  },
  'an index': async (client) => {
    const push = { client, repository: 'app', reference: 'all', mediaType: OCI_INDEX };
    const answer = await pushManifest(push, INDEX);
    return granted(answer, 'app/manifests/all', `app/manifests/${digestOf(OLD)}`);
  },
  'a tag': async (client) => {
    const answer = await pushManifest({ client, repository: 'app', reference: 'old' }, OLD);
    return granted(answer, 'app/manifests/old', `app/blobs/${digestOf('{}')}`);
  },
};

function granted({ status }: { readonly status: number }, ...paths: string[]): Paths {
  return status === 201 ? paths : [];
}

/** `app` has a layer that no manifest names, and an old manifest without a tag. */
async function filled() {
  const registry = collectingRegistry();
  const { client, clock, storage } = registry;
  await ensureLayout(storage);
  await client.push('app', LAYER);
  await client.push('app', '{}');
  await pushManifest({ client, repository: 'app' }, OLD);
  clock.advance(UNTAGGED_AFTER);
  return registry;
}

type Registry = Awaited<ReturnType<typeof filled>>;

async function expectThere({ clientOf, storage }: Registry, paths: Paths): Promise<void> {
  const client = clientOf(storage);
  for (const path of paths) {
    expect([path, (await client.ask('GET', path)).status]).toEqual([path, 200]);
  }
}

/** Of a blob alone no more is promised than that it was there when its push was acknowledged. */
async function expectKept(registry: Registry, paths: Paths): Promise<void> {
  const isImage = paths.some((path) => path.includes('/manifests/'));
  await expectThere(registry, isImage ? paths : []);
  const findings = await all(verifyStore({ storage: registry.storage }).findings);
  expect(findings.filter(({ severity }) => severity === 'damage')).toEqual([]);
}

function actorsOn(registry: Registry, push: (client: RegistryClient) => Promise<Paths>) {
  const { storage, clientOf, collector } = registry;
  let paths: Paths = [];
  const pusher = actor(storage, async (driver) => {
    paths = await push(clientOf(driver));
    await expectThere(registry, paths);
  });
  // The first one condemns, the second one deletes.
  const collecting = actor(storage, async (driver) => {
    const { outcome } = collector(driver);
    await outcome({ untaggedAfter: UNTAGGED_AFTER });
    await outcome({ untaggedAfter: UNTAGGED_AFTER });
  });
  return { pusher, collecting, paths: () => paths };
}

const END = Number.POSITIVE_INFINITY;

/** How many operations each of them takes alone. */
async function lengthsOf(push: (client: RegistryClient) => Promise<Paths>) {
  const { pusher, collecting } = actorsOn(await filled(), push);
  await pusher.upTo(END);
  const alone = actorsOn(await filled(), push);
  await alone.collecting.upTo(END);
  return {
    pushing: pusher.begun(),
    collecting: alone.collecting.begun(),
    never: collecting.begun(),
  };
}

/** Collects until there is nothing left to do, with nobody beside. */
async function finish({ run, clock }: Registry): Promise<void> {
  for (let runs = 0; runs < 6; runs += 1) {
    clock.advance(DAY);
    await run({ untaggedAfter: UNTAGGED_AFTER });
  }
}

test.each(Object.keys(PUSHES))(
  '%s beside a collection is either whole or was not acknowledged, wherever either is held up',
  async (name) => {
    const push = PUSHES[name] ?? (async () => []);
    const { pushing, collecting } = await lengthsOf(push);
    expect(pushing).toBeGreaterThan(2);
    expect(collecting).toBeGreaterThan(20);
    for (let first = 0; first <= pushing; first += 1) {
      for (let second = 0; second <= collecting; second += 1) {
        const registry = await filled();
        const actors = actorsOn(registry, push);
        await actors.pusher.upTo(first);
        await actors.collecting.upTo(second);
        await actors.pusher.upTo(END);
        await actors.collecting.upTo(END);
        await expectKept(registry, actors.paths());
      }
    }
  },
  120_000,
);

test.each(Object.keys(PUSHES))(
  'a collection that %s comes across is either first or leaves it whole',
  async (name) => {
    const push = PUSHES[name] ?? (async () => []);
    const { pushing, collecting } = await lengthsOf(push);
    for (let first = 0; first <= collecting; first += 1) {
      for (let second = 0; second <= pushing; second += 1) {
        const registry = await filled();
        const actors = actorsOn(registry, push);
        await actors.collecting.upTo(first);
        await actors.pusher.upTo(second);
        await actors.collecting.upTo(END);
        await actors.pusher.upTo(END);
        await expectKept(registry, actors.paths());
      }
    }
  },
  120_000,
);

test('in the end nothing is left of what nothing refers to, whoever came in between', async () => {
  for (const push of Object.values(PUSHES)) {
    const registry = await filled();
    const actors = actorsOn(registry, push);
    await actors.collecting.upTo(12);
    await actors.pusher.upTo(5);
    await actors.collecting.upTo(END);
    await actors.pusher.upTo(END);
    for (const tag of ['v1', 'all', 'old']) {
      await registry.client.ask('DELETE', `app/manifests/${tag}`);
    }
    registry.clock.advance(UNTAGGED_AFTER);
    await finish(registry);
    await finish(registry);
    const left = await keysIn(registry.storage, '');
    expect(left).toEqual(['gc/state', 'layout']);
  }
}, 60_000);
