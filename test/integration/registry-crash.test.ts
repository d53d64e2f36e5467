// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/core/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/core/oci/media-type.ts';
import { collect } from '../../src/registry/collect/collect.ts';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { reapEvents } from '../../src/registry/events/reap-events.ts';
import { ensureLayout } from '../../src/registry/store/ensure-layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { type Asked, registryClient } from '../support/registry-client.ts';
import { type Told, tagsTold, toldIn } from '../support/registry-events.ts';
import { crashingDriver } from '../support/registry-faults.ts';
import { s3Shaped } from '../support/s3-shaped.ts';

/** An image of one layer. */
function imageOf(layer: string, fields: object = {}) {
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
    ...fields,
  });
  return { config, layer, manifest, blobs: [config, layer], digest: digestOf(manifest) };
}

const OLD = imageOf('the old layer');
const NEW = imageOf('the new layer, which is longer');
const SUBJECT = { mediaType: OCI_MANIFEST, digest: NEW.digest, size: NEW.manifest.length };
const ABOUT = imageOf('what is about it', { subject: SUBJECT });

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
  'POST, two PATCHes without a range and PUT': (content) => [
    { method: 'POST', path: 'app/blobs/uploads/' },
    ...[content.slice(0, 3), content.slice(3)].map((body) => ({
      method: 'PATCH',
      path: { query: '' },
      asked: { body },
    })),
    {
      method: 'PUT',
      path: { query: `?digest=${digestOf(content)}` },
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

interface Work {
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  /** Whether no manifest names what it is about, so that a collection would come first. */
  readonly isLoose?: boolean;
}

const WORK: Readonly<Record<string, Work>> = {
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
    isLoose: true,
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
  'a manifest that is deleted when its tag is elsewhere': {
    before: [...pushImage(OLD, 'v1'), ...pushImage(NEW, 'v1')],
    steps: [
      {
        method: 'DELETE',
        path: `app/manifests/${OLD.digest}`,
        gives: [`app/manifests/${OLD.digest}`, 404],
        tells: [`manifest.deleted app ${OLD.digest}`],
      },
    ],
  },
  'a manifest about another': {
    before: pushImage(NEW, 'v1'),
    steps: pushImage(ABOUT, ABOUT.digest).map((step) => ({
      ...step,
      ...(step.tells && { tells: [`manifest.pushed app ${ABOUT.digest}`] as const }),
    })),
  },
  'a manifest about another that is deleted': {
    before: [...pushImage(NEW, 'v1'), ...pushImage(ABOUT, 'about')],
    steps: [
      {
        method: 'DELETE',
        path: `app/manifests/${ABOUT.digest}`,
        gives: [`app/manifests/${ABOUT.digest}`, 404],
        tells: [`tag.deleted app:about ${ABOUT.digest}`, `manifest.deleted app ${ABOUT.digest}`],
      },
    ],
  },
  'a blob that is deleted': {
    isLoose: true,
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
  for (const reference of [...tags, OLD.digest, NEW.digest, ABOUT.digest]) {
    const found = await client.ask('GET', `app/manifests/${reference}`);
    if (tags.includes(reference)) expect([reference, found.status]).toEqual([reference, 200]);
    if (found.status !== 200) continue;
    const parsed = parseManifest(found.text, OCI_MANIFEST);
    expect(parsed.ok).toBe(true);
    for (const content of [OLD, NEW, ABOUT].find(({ manifest }) => manifest === found.text)
      ?.blobs ?? []) {
      const blob = await client.ask('GET', blobPath(content));
      expect(blob.text).toBe(content);
    }
  }
}

/** Each blob as it was pushed or not at all: a link without bytes is an error that no push would mend. */
async function requireBlobs(storage: StorageDriver): Promise<void> {
  const client = registryClient({ storage });
  for (const content of [OLD, NEW, ABOUT].flatMap(({ blobs }) => blobs)) {
    const { status, text } = await client.ask('GET', blobPath(content));
    expect([
      [200, content],
      [404, text],
    ]).toContainEqual([status, text]);
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

/** What a collector does that comes right after, for whom nothing is too young. */
async function collectAll(storage: StorageDriver): Promise<void> {
  const time = { elapsed: () => performance.now(), wait: async () => undefined };
  for (let runs = 0; runs < 2; runs += 1) await collect({ storage, grace: 0, ...time });
}

const nothing = async (): Promise<void> => {};

const STORES = [
  ['of a store', memoryDriver, nothing],
  ['of a store like S3 that is collected afterwards', s3Shaped, collectAll],
] as const;

describe.each(Object.keys(WORK))('%s', (name) => {
  const { before = [], steps = [], isLoose = false } = WORK[name] ?? {};

  const cases = STORES.flatMap(([store, open, collected]) => {
    const meanwhile = isLoose ? nothing : collected;
    return [
      { when: `${store}, before it takes effect`, open, meanwhile, done: false },
      { when: `${store}, after it took effect`, open, meanwhile, done: true },
    ];
  });

  test.each(cases)('may be killed at each operation $when', async ({ open, meanwhile, done }) => {
    let begun = Number.POSITIVE_INFINITY;
    for (let fatal = 1; fatal <= begun; fatal += 1) {
      const storage = open();
      await ensureLayout(storage);
      expect(await work(storage, before)).toHaveLength(before.length);
      const crash = crashingDriver(storage, fatal, done);
      const acknowledged = await work(crash.storage, steps);
      if (acknowledged.length === steps.length) begun = crash.begun();
      await requireWhole(storage);
      await requireBlobs(storage);
      await requireGiven(storage, acknowledged);
      await requireTold(storage, acknowledged);
      await meanwhile(storage);
      await requireWhole(storage);
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

describe.each(STORES)('an upload that could not be acknowledged, %s', (_, open) => {
  test.each([
    ['before it took effect', false],
    ['after it took effect', true],
  ])('ends when it is asked again, killed %s', async (_when, done) => {
    const content = 'layer';
    let begun = Number.POSITIVE_INFINITY;
    for (let fatal = 1; fatal <= begun; fatal += 1) {
      const storage = open();
      const client = registryClient({ storage });
      const upload = await client.start('app');
      await client.ask('PATCH', upload, { body: content });
      const path = `${upload}?digest=${digestOf(content)}`;
      const crash = crashingDriver(storage, fatal, done);
      const first = await registryClient({ storage: crash.storage }).ask('PUT', path);
      if (first.status === 201) begun = crash.begun();
      const { status } = await client.ask('PUT', path);
      // Nothing is left of the upload only when all was done but to say so.
      expect([201, 404]).toContain(status);
      expect((await client.ask('GET', blobPath(content))).text).toBe(content);
    }
    expect(begun).toBeGreaterThan(3);
  });
});
