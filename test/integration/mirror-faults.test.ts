// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type MirrorSource, mirroredRegistry } from '../../src/mirror/mirror-source.ts';
import type { ObjectStore, StorageDriver } from '../../src/storage/driver.ts';
import { plainFolder } from '../../src/storage/plain-folder.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import type { UpstreamOptions } from '../../src/upstream/upstream-client.ts';
import {
  bearerChallenge,
  type CapturedRequest,
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { sha256Of, someManifest } from '../support/image-documents.ts';
import { heldIn, IMAGES, requireTrue, runMirror } from '../support/mirror-bench.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { s3Shaped } from '../support/s3-shaped.ts';
import { staticRegistry } from '../support/static-registry.ts';

const registry = staticRegistry();
const LAYER = `/v2/team/app/blobs/${registry.layer.digest}`;
const BYTES = registry.layer.bytes;

interface World {
  readonly upstream: FakeUpstream;
  readonly source: MirrorSource;
  readonly stores: { readonly folder: ObjectStore; readonly bucket: StorageDriver };
  /** What is answered from then on; undefined is what the registry has to say. */
  answer: (request: CapturedRequest) => FakeAnswer | undefined;
}

async function world(options: Partial<UpstreamOptions> = {}): Promise<World> {
  const upstream = await startFakeUpstream(
    (request) => own.answer(request) ?? registry.answer(request.target),
  );
  const limits = { backoff: 1, headers: 500, idle: 500, longestWait: 1_500 };
  const client = openUpstream({ origin: upstream.url, perHost: 4, limits, ...options });
  onTestFinished(async () => {
    await client.close();
    await upstream.stop();
  });
  const stores = { folder: plainFolder(await temporaryFolder()), bucket: s3Shaped() };
  const source = mirroredRegistry(client);
  const own: World = { upstream, source, stores, answer: () => undefined };
  return own;
}

/** A body of its own making, with the length that the layer has. */
function layerWith(write: (response: ServerResponse) => void, length = BYTES.byteLength) {
  return { headers: { 'content-length': String(length) }, write };
}

const half = BYTES.subarray(0, BYTES.byteLength / 2);

/** What may befall the layer. */
const FAULTS: Readonly<Record<string, () => FakeAnswer>> = {
  'never answers': () => ({ write: () => {} }),
  'stands still half way': () => layerWith((response) => void response.write(half)),
  'is reset half way': () =>
    layerWith((response) => response.write(half, () => response.socket?.resetAndDestroy())),
  'ends half way without a word': () =>
    layerWith((response) => response.write(half, () => response.socket?.destroy())),
  'is shorter than its manifest says': () => ({ body: half }),
  'is longer than its manifest says': () => ({ body: Buffer.concat([BYTES, half]) }),
  'is other bytes': () => ({ body: Buffer.alloc(BYTES.byteLength) }),
  'is empty': () => ({ body: '' }),
  'is 429 with Retry-After': () => ({ status: 429, headers: { 'retry-after': '1' } }),
  'is 500': () => ({ status: 500 }),
  'is 503': () => ({ status: 503 }),
};

/** What does not pass by itself when it is asked for once more. */
const LASTING: Readonly<Record<string, () => FakeAnswer>> = {
  'is 404': () => ({ status: 404 }),
  'is 403': () => ({ status: 403 }),
  'is 429, to come back tomorrow': () => ({ status: 429, headers: { 'retry-after': '86400' } }),
  'redirects in a circle': () => ({ status: 307, headers: { location: LAYER } }),
  'redirects nowhere': () => ({ status: 307 }),
};

/** One target or the other, and the source, are as they should be; the next run brings what is missing, and only that. */
async function requireResumed({ upstream, source, stores }: World, missing: readonly string[]) {
  for (const store of Object.values(stores)) await requireTrue(store);
  const before = upstream.requests.length;
  expect((await runMirror({ source, stores })).problems).toEqual([]);
  for (const store of Object.values(stores)) {
    await requireTrue(store);
    expect((await heldIn(store)).sort()).toEqual(registry.digests);
  }
  const blobs = upstream.requests.slice(before).filter(({ target }) => target.includes('/blobs/'));
  expect(blobs.map(({ target }) => target).sort()).toEqual([...missing].sort());
}

function isFirst({ upstream }: World, path: string): boolean {
  return upstream.requests.filter(({ target }) => target === path).length === 1;
}

describe('a layer that', () => {
  test.each(Object.entries(FAULTS))('%s at first is asked for again', async (_, fault) => {
    const own = await world();
    own.answer = ({ target }) => (target === LAYER && isFirst(own, LAYER) ? fault() : undefined);
    expect((await runMirror(own)).problems).toEqual([]);
    expect(own.upstream.requests.filter(({ target }) => target === LAYER)).toHaveLength(2);
    await requireResumed(own, []);
  });

  test.each([...Object.entries(FAULTS), ...Object.entries(LASTING)])(
    '%s always is named, the rest is there, and the next run brings it',
    async (_, fault) => {
      const own = await world({
        limits: { backoff: 1, headers: 500, idle: 500, longestWait: 900 },
      });
      own.answer = ({ target }) => (target === LAYER ? fault() : undefined);
      const { problems } = await runMirror(own);
      const named = `blob ${registry.layer.digest} of team/app: `;
      expect(problems).toEqual([
        expect.stringContaining(`folder: ${named}`),
        expect.stringContaining(`bucket: ${named}`),
      ]);
      const rest = registry.digests.filter((digest) => digest !== registry.layer.digest);
      for (const store of Object.values(own.stores)) {
        expect((await heldIn(store)).sort()).toEqual(rest);
      }
      own.answer = () => undefined;
      await requireResumed(own, [LAYER]);
    },
  );
});

const PLATFORM = `/v2/team/app/manifests/${registry.platform.digest}`;

describe('a manifest that', () => {
  test.each(['404', '500', 'never answered', 'other bytes'])(
    'is listed, and %s, is named with its repository, and comes with the next run',
    async (kind) => {
      const faults: Readonly<Record<string, FakeAnswer>> = {
        404: { status: 404 },
        500: { status: 500 },
        'never answered': { write: (response) => void response.socket?.destroy() },
        'other bytes': { ...registry.answer(PLATFORM), body: registry.index.bytes },
      };
      const own = await world();
      own.answer = ({ target }) => (target === PLATFORM ? faults[kind] : undefined);
      const { problems } = await runMirror(own);
      expect(problems).toEqual([expect.stringContaining(`team/app@${registry.platform.digest}: `)]);
      // What nothing else leads to is missing, and nothing else.
      const missing = [registry.platform.digest, registry.layer.digest];
      const rest = registry.digests.filter((digest) => !missing.some((one) => one === digest));
      expect((await heldIn(own.stores.folder)).sort()).toEqual(rest);
      own.answer = () => undefined;
      await requireResumed(own, [LAYER]);
    },
  );
});

describe('a token', () => {
  const credentials = async () => ({ username: 'robot', password: 'hunter2' });

  /** Asks for a token, which is good for so many requests. */
  function guarded(own: World, uses: number): World['answer'] {
    const left = new Map<string, number>();
    return ({ target, authorization = '' }) => {
      if (target.startsWith('/token')) {
        left.set(`Bearer t${left.size}`, uses);
        return json({ token: `t${left.size - 1}`, expires_in: 3_600 });
      }
      const more = left.get(authorization) ?? 0;
      left.set(authorization, more - 1);
      return more > 0 ? undefined : bearerChallenge(`${own.upstream.url}/token`);
    };
  }

  test.each([8, 1_000])('that is good for %i requests is fetched anew', async (uses) => {
    const own = await world({ credentials, perHost: 1 });
    own.answer = guarded(own, uses);
    expect((await runMirror(own)).problems).toEqual([]);
    for (const store of Object.values(own.stores)) {
      expect((await heldIn(store)).sort()).toEqual(registry.digests);
    }
  });

  test('that is refused half way ends nothing but what needs it', async () => {
    const own = await world({ credentials });
    const usual = guarded(own, 1_000);
    own.answer = (request) =>
      request.target === LAYER ? bearerChallenge(`${own.upstream.url}/token`) : usual(request);
    const { problems } = await runMirror(own);
    expect(problems).toHaveLength(2);
    expect(problems.join()).toContain(`blob ${registry.layer.digest} of team/app: `);
    expect(problems.join()).not.toContain('hunter2');
    own.answer = usual;
    await requireResumed(own, [LAYER]);
  });
});

/** A store that writes objects as it is told to. */
function writing<T extends ObjectStore>(
  store: T,
  write: (...given: Parameters<ObjectStore['write']>) => ReturnType<ObjectStore['write']>,
): T {
  return {
    ...store,
    write: (key, ...rest) =>
      key.startsWith(IMAGES) ? write(key, ...rest) : store.write(key, ...rest),
  };
}

async function drain(body: Parameters<ObjectStore['write']>[1]): Promise<void> {
  for await (const _ of body as AsyncIterable<Uint8Array>); // that is what the mirror gives
}

/** What may be wrong with a target, and whether it is given up for the run. */
const TARGETS: ReadonlyArray<
  [string, boolean, (store: ObjectStore) => ReturnType<typeof writing<ObjectStore>>]
> = [
  [
    'is full half way through each object',
    true,
    (store) =>
      writing(store, async (key, body) => {
        for await (const _ of body as AsyncIterable<Uint8Array>) break;
        throw new StorageError('no-space', key, 'the disk is full');
      }),
  ],
  [
    'may not be written',
    true,
    (store) =>
      writing(store, async (key) => {
        throw new StorageError('denied', key, 'it is read-only');
      }),
  ],
  [
    'fails at the end of each object',
    false,
    (store) =>
      writing(store, async (key, body) => {
        await drain(body);
        throw new StorageError('failed', key, 'it answered 503');
      }),
  ],
  [
    'takes nothing, and never answers',
    true,
    (store) => writing(store, () => new Promise(() => {})),
  ],
  [
    'takes everything, and never answers',
    true,
    (store) =>
      writing(store, async (_, body) => {
        await drain(body);
        return new Promise(() => {});
      }),
  ],
  [
    'says that somebody else writes, who never ends',
    false,
    (store) =>
      writing(store, async (_, body) => {
        await drain(body);
        return 'conflict';
      }),
  ],
];

describe('a target that', () => {
  test.each(TARGETS)(
    '%s does not hold up the other, and is filled by the next run',
    async (_, isGivenUp, spoil) => {
      const own = await world();
      const { folder, bucket } = own.stores;
      const { prepared, problems } = await runMirror({
        source: own.source,
        stores: { folder, bucket: spoil(bucket) },
      });
      expect((await heldIn(folder)).sort()).toEqual(registry.digests);
      expect(await heldIn(bucket)).toEqual([]);
      expect(problems.length).toBeGreaterThan(0);
      const ofObjects = /^bucket: (?:blob|manifest) sha256:[a-f0-9]{64} of (?:team\/app|other): ./;
      expect(problems.filter((problem) => !ofObjects.test(problem))).toEqual([]);
      expect(prepared.tallies.get('bucket')?.failed).toBe(registry.digests.length);
      expect(prepared.tallies.get('bucket')?.lost !== undefined).toBe(isGivenUp);
      expect(prepared.tallies.get('folder')).toMatchObject({ failed: 0, lost: undefined });
      expect((await runMirror(own)).problems).toEqual([]);
      expect((await heldIn(bucket)).sort()).toEqual(registry.digests);
    },
  );

  test('fails now and then is tried again, and the other is not written twice', async () => {
    const own = await world();
    const { folder, bucket } = own.stores;
    const seen = new Set<string>();
    const written: string[] = [];
    const shaky = writing(bucket, async (key, ...rest) => {
      if (seen.has(key)) return bucket.write(key, ...rest);
      seen.add(key);
      throw new StorageError('failed', key, 'it answered 500');
    });
    const steady = writing(folder, async (key, ...rest) => {
      written.push(key);
      return folder.write(key, ...rest);
    });
    const { problems } = await runMirror({ ...own, stores: { folder: steady, bucket: shaky } });
    expect(problems).toEqual([]);
    expect((await heldIn(bucket)).sort()).toEqual(registry.digests);
    expect(written).toHaveLength(registry.digests.length);
  });
});

test.each([
  ['forward by a year', 365 * 86_400_000],
  ['back by a year', -365 * 86_400_000],
])('a clock that jumps %s between runs and within them does no harm', async (_, jump) => {
  const own = await world();
  let now = 1_700_000_000_000;
  const jumping = () => {
    now += jump / 10;
    return now;
  };
  const options = { index: { validFor: 3_600_000, privateKey: undefined, every: 60_000 } };
  await runMirror({ ...own, options: { ...options, now: jumping } });
  now = 1_700_000_000_000;
  const { problems } = await runMirror({ ...own, options: { ...options, now: () => now } });
  expect(problems).toEqual([]);
  await requireResumed(own, []);
});

test('a source that is gone is not asked for all that is left, several times each', async () => {
  const own = await world();
  const layers = Array.from({ length: 400 }, (_, number) => `layer ${number}`).map((text) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: sha256Of(text),
    size: text.length,
  }));
  const large = someManifest({ layers });
  const headers = { 'content-type': large.mediaType };
  own.answer = ({ target }) => {
    if (target === '/v2/team/app/manifests/v1') return { headers, body: large.bytes };
    return target.includes('/blobs/') ? { status: 503 } : undefined;
  };
  const { prepared, problems } = await runMirror(own);
  expect(problems).toContain('the source is left alone: 50 objects in a row failed');
  const asked = own.upstream.requests.filter(({ target }) => target.includes('/blobs/'));
  // Three times each, and a few that were on their way.
  expect(asked.length).toBeLessThan(3 * 60);
  expect(prepared.tallies.get('folder')?.failed).toBeGreaterThan(400);
  own.answer = () => undefined;
  expect((await runMirror(own)).problems).toEqual([]);
});
