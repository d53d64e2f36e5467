// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/core/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/core/oci/media-type.ts';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { reapEvents } from '../../src/registry/events/reap-events.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory.ts';
import { type Asked, registryClient } from '../support/registry-client.ts';
import { type Told, tagsTold, toldIn } from '../support/registry-events.ts';
import { crashingDriver } from '../support/registry-faults.ts';

/** An image of one layer. */
function imageOf(layer: string) {
  const config = '{"architecture":"amd64"}';
  const describe = (mediaType: string, content: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(OCI_CONFIG, config),
    layers: [describe(OCI_LAYER_GZIP, layer)],
  });
  return { config, layer, manifest, blobs: [config, layer], digest: digestOf(manifest) };
}

const OLD = imageOf('the old layer');
const NEW = imageOf('the new layer, which is longer');

/** One request of a client, and what it may count on once it was acknowledged. */
interface Step {
  readonly method: string;
  /** Below `/v2/`, or what a Location before it said, with the query to add. */
  readonly path: string | { readonly query: string };
  readonly asked?: Asked;
  /** A path, and the status that it answers GET with from then on. */
  readonly gives?: readonly [path: string, status: number];
  /** What followers of the log hear of it. */
  readonly tells?: readonly Told[];
}

const blobPath = (content: string) => `app/blobs/${digestOf(content)}`;
const AS_MANIFEST = { 'content-type': OCI_MANIFEST };

const pushes: Readonly<Record<string, (content: string) => readonly Step[]>> = {
  'one POST': (content) => [
    {
      method: 'POST',
      path: `app/blobs/uploads/?digest=${digestOf(content)}`,
      asked: { body: content },
      gives: [blobPath(content), 200],
    },
  ],
  'POST and PUT': (content) => [
    { method: 'POST', path: 'app/blobs/uploads/' },
    {
      method: 'PUT',
      path: { query: `?digest=${digestOf(content)}` },
      asked: { body: content },
      gives: [blobPath(content), 200],
    },
  ],
  'POST, two PATCHes and PUT': (content) => [
    { method: 'POST', path: 'app/blobs/uploads/' },
    ...[content.slice(0, 5), content.slice(5)].map((body, place) => ({
      method: 'PATCH',
      path: { query: '' },
      asked: {
        body,
        headers: { 'content-range': place === 0 ? '0-4' : `5-${content.length - 1}` },
      },
    })),
    {
      method: 'PUT',
      path: { query: `?digest=${digestOf(content)}` },
      gives: [blobPath(content), 200],
    },
  ],
};

function pushImage(image: typeof OLD, tag: string, pushBlob = pushes['one POST']): readonly Step[] {
  return [
    ...[image.config, image.layer].flatMap((content) => pushBlob?.(content) ?? []),
    {
      method: 'PUT',
      path: `app/manifests/${tag}`,
      asked: { body: image.manifest, headers: AS_MANIFEST },
      gives: [`app/manifests/${image.digest}`, 200],
      tells: [`manifest.pushed app ${image.digest}`, `tag.set app:${tag} ${image.digest}`],
    },
  ];
}

const WORK: Readonly<Record<string, { before: readonly Step[]; steps: readonly Step[] }>> = {
  ...Object.fromEntries(
    Object.entries(pushes).map(([name, push]) => [
      `a push by ${name}`,
      { before: [], steps: pushImage(NEW, 'v1', push) },
    ]),
  ),
  'a push of what is there already': {
    before: pushImage(NEW, 'v1'),
    steps: pushImage(NEW, 'v1'),
  },
  'a tag that is moved': { before: pushImage(OLD, 'v1'), steps: pushImage(NEW, 'v1') },
  'a mount': {
    before: [
      {
        method: 'POST',
        path: `other/blobs/uploads/?digest=${digestOf('x')}`,
        asked: { body: 'x' },
      },
    ],
    steps: [
      {
        method: 'POST',
        path: `app/blobs/uploads/?mount=${digestOf('x')}&from=other`,
        gives: [blobPath('x'), 200],
      },
    ],
  },
  'a tag that is deleted': {
    before: pushImage(NEW, 'v1'),
    steps: [
      {
        method: 'DELETE',
        path: 'app/manifests/v1',
        gives: ['app/manifests/v1', 404],
        tells: [`tag.deleted app:v1 ${NEW.digest}`],
      },
    ],
  },
  'a manifest that is deleted': {
    before: pushImage(NEW, 'v1'),
    steps: [
      {
        method: 'DELETE',
        path: `app/manifests/${NEW.digest}`,
        gives: [`app/manifests/${NEW.digest}`, 404],
        tells: [`tag.deleted app:v1 ${NEW.digest}`, `manifest.deleted app ${NEW.digest}`],
      },
    ],
  },
  'a blob that is deleted': {
    before: pushes['one POST']?.('x') ?? [],
    steps: [
      {
        method: 'DELETE',
        path: blobPath('x'),
        gives: [blobPath('x'), 404],
        tells: [`blob.deleted app ${digestOf('x')}`],
      },
    ],
  },
};

/** Does the steps until one fails, and gives those that were acknowledged. */
async function work(storage: StorageDriver, steps: readonly Step[]): Promise<readonly Step[]> {
  const client = registryClient({ storage, events: openEventLog(storage) });
  const done: Step[] = [];
  let location = '';
  for (const step of steps) {
    const path = typeof step.path === 'string' ? step.path : location + step.path.query;
    const { status, headers } = await client.ask(step.method, path, step.asked);
    if (status >= 300) return done;
    location = headers['location'] ?? location;
    done.push(step);
  }
  return done;
}

/** What a client that comes later finds: every tag and manifest with all that belongs to it, or not at all. */
async function requireWhole(storage: StorageDriver): Promise<void> {
  const client = registryClient({ storage });
  const list = await client.ask('GET', 'app/tags/list');
  const tags: string[] = list.status === 200 ? JSON.parse(list.text).tags : [];
  for (const reference of [...tags, OLD.digest, NEW.digest]) {
    const found = await client.ask('GET', `app/manifests/${reference}`);
    if (tags.includes(reference)) expect([reference, found.status]).toEqual([reference, 200]);
    if (found.status !== 200) continue;
    const parsed = parseManifest(found.text, OCI_MANIFEST);
    expect(parsed.ok).toBe(true);
    for (const content of [OLD, NEW].find(({ manifest }) => manifest === found.text)?.blobs ?? []) {
      const blob = await client.ask('GET', blobPath(content));
      expect(blob.text).toBe(content);
    }
  }
}

async function requireGiven(storage: StorageDriver, steps: readonly Step[]): Promise<void> {
  const client = registryClient({ storage });
  for (const { gives } of steps) {
    if (gives !== undefined) expect((await client.ask('GET', gives[0])).status).toBe(gives[1]);
  }
}

/** What was acknowledged is in the log, and whoever follows it knows where tags are. */
async function requireTold(storage: StorageDriver, steps: readonly Step[]): Promise<void> {
  const told = await toldIn(storage);
  for (const { tells = [] } of steps) expect(told).toEqual(expect.arrayContaining([...tells]));
}

async function requireTrue(storage: StorageDriver): Promise<void> {
  const client = registryClient({ storage });
  const tags = await tagsTold(storage, 'app');
  for (const tag of ['v1']) {
    const { headers } = await client.ask('HEAD', `app/manifests/${tag}`);
    expect(tags.get(tag)).toBe(headers['docker-content-digest']);
  }
}

/** What a reaper does that comes long after. */
async function reapLater(storage: StorageDriver): Promise<void> {
  const { append } = openEventLog(storage);
  await reapEvents({ storage, append, now: Date.now() + 3_600_000, keep: 86_400_000 });
}

describe.each(Object.keys(WORK))('%s', (name) => {
  const { before = [], steps = [] } = WORK[name] ?? {};

  test.each([
    ['before it takes effect', false],
    ['after it took effect', true],
  ])('may be killed at each operation of the store, %s', async (_, done) => {
    let begun = Number.POSITIVE_INFINITY;
    for (let fatal = 1; fatal <= begun; fatal += 1) {
      const storage = memoryDriver();
      expect(await work(storage, before)).toHaveLength(before.length);
      const crash = crashingDriver(storage, fatal, done);
      const acknowledged = await work(crash.storage, steps);
      if (acknowledged.length === steps.length) begun = crash.begun();
      await requireWhole(storage);
      await requireGiven(storage, acknowledged);
      await requireTold(storage, acknowledged);
      // Whoever heard nothing tries again, and then it is done: what is deleted already is 404.
      await work(storage, steps);
      await requireGiven(storage, steps);
      await requireWhole(storage);
      await reapLater(storage);
      await requireTold(storage, steps);
      await requireTrue(storage);
    }
  });
});
