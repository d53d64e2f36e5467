// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { collectingRegistry } from '../../../test/support/collecting-registry.ts';
import {
  imageOf,
  indexOf,
  pushImage,
  pushManifest,
} from '../../../test/support/registry-pushes.ts';
import { all, keysIn } from '../../../test/support/storage-reading.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../core/oci/media-type.ts';
import { LEASE_LIFETIME } from '../store/collection-lease.ts';
import { ensureLayout } from '../store/ensure-layout.ts';
import { blobKey, condemnedKey, linkKey, manifestKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';
import { verifyStore } from '../verify/verify-store.ts';

const HOUR = 3_600_000;
const GRACE = 24 * HOUR;
const IMAGE = imageOf('layer');
const STRAY = 'pushed, and never referred to';
const stray = digestOf(STRAY);

/** `app:v1` is an image; `app` holds a blob besides that no manifest names. */
async function filled() {
  const registry = collectingRegistry();
  await ensureLayout(registry.storage);
  await pushImage({ client: registry.client, repository: 'app', reference: 'v1' }, IMAGE);
  await registry.client.push('app', STRAY);
  return registry;
}

test('what nothing refers to is condemned once it is old, and goes once that is', async () => {
  const { storage, clock, run, client } = await filled();
  expect(await run({ grace: GRACE })).toEqual({});
  clock.advance(GRACE);
  expect(await run({ grace: GRACE })).toEqual({ [stray]: 'condemn' });
  expect(await storage.stat(condemnedKey(stray))).toBeDefined();
  expect(await run({ grace: GRACE })).toEqual({ [stray]: 'wait' });
  expect((await client.ask('GET', `app/blobs/${stray}`)).text).toBe(STRAY);
  clock.advance(GRACE);
  expect(await run({ grace: GRACE })).toEqual({ [stray]: 'swept' });
  const left = await keysIn(storage, '');
  expect(left.filter((key) => key.includes(stray.slice(7)))).toEqual([]);
  expect((await client.ask('GET', 'app/manifests/v1')).status).toBe(200);
  expect(await all(verifyStore({ storage }).findings)).toEqual([]);
});

test('bytes without any link go, and links that another repository does not share', async () => {
  const { storage, run, client } = await filled();
  await pushImage({ client, repository: 'other', reference: 'v1' }, IMAGE);
  await client.ask('DELETE', `app/manifests/${digestOf(IMAGE)}`);
  await storage.write(blobKey(digestOf('lost')), 'lost');
  await run({});
  await run({});
  expect(await keysIn(storage, 'links/')).toHaveLength(3);
  expect(await storage.stat(blobKey(digestOf('lost')))).toBeUndefined();
  expect(await storage.stat(linkKey(digestOf('layer'), 'app'))).toBeUndefined();
  expect((await client.ask('GET', `other/blobs/${digestOf('layer')}`)).status).toBe(200);
  expect(await all(verifyStore({ storage }).findings)).toEqual([]);
});

describe('a push of what is condemned', () => {
  test('has it stay, until it was condemned again', async () => {
    const { run, client, clock } = await filled();
    await run({});
    clock.advance(HOUR);
    expect((await client.push('app', STRAY)).status).toBe(201);
    expect(await run({})).toEqual({ [stray]: 'acquit' });
    expect(await run({})).toEqual({ [stray]: 'condemn' });
    expect(await run({})).toEqual({ [stray]: 'swept' });
  });

  test('by a mount and by an upload in pieces has it stay as well', async () => {
    const { run, client, clock } = await filled();
    await run({});
    clock.advance(HOUR);
    const mount = await client.ask('POST', `new/blobs/uploads/?mount=${stray}&from=app`);
    expect(mount.status).toBe(201);
    expect(await run({})).toEqual({ [stray]: 'acquit' });
    await run({});
    clock.advance(HOUR);
    const upload = await client.start('app');
    await client.ask('PATCH', upload, { body: STRAY });
    expect((await client.ask('PUT', `${upload}?digest=${stray}`)).status).toBe(201);
    expect(await run({})).toEqual({ [stray]: 'acquit' });
  });

  test('by the manifest that names it has it stay for good', async () => {
    const { run, client, clock } = await filled();
    await run({});
    clock.advance(HOUR);
    const manifest = imageOf(STRAY);
    expect((await pushManifest({ client, repository: 'app' }, manifest)).status).toBe(201);
    expect(await run({})).toEqual({ [stray]: 'acquit' });
    expect(await run({})).toEqual({});
  });
});

test('what a repository holds stays as long as somebody uploads to it', async () => {
  const { run, client, clock } = await filled();
  await client.start('app');
  expect(await run({})).toEqual({});
  clock.advance(25 * HOUR);
  expect(await run({})).toEqual({ [stray]: 'condemn' });
});

test('a repository with a record that cannot be read keeps everything', async () => {
  const { run, storage } = await filled();
  await storage.write(manifestKey('app', digestOf(IMAGE)), '{');
  expect(await run({})).toEqual({});
});

describe('manifests without a tag', () => {
  const other = imageOf('layer', { annotations: { which: 'other' } });
  const index = indexOf([other]);

  test('stay', async () => {
    const { run, client } = await filled();
    await pushManifest({ client, repository: 'app' }, other);
    await run({});
    expect(await run({})).toEqual({ [stray]: 'swept' });
  });

  test('go after a while when that is asked for, an index before what it lists', async () => {
    const { run, client, clock, storage } = await filled();
    const subject = { mediaType: OCI_MANIFEST, digest: digestOf(other), size: other.length };
    const about = imageOf('layer', { subject });
    for (const manifest of [other, about]) {
      await pushManifest({ client, repository: 'app' }, manifest);
    }
    await pushManifest({ client, repository: 'app', mediaType: OCI_INDEX }, index);
    const options = { untaggedAfter: 7 * 24 * HOUR };
    expect(await run(options)).toEqual({ [stray]: 'condemn' });
    clock.advance(7 * 24 * HOUR);
    const order: string[] = [];
    for (let runs = 0; runs < 8; runs += 1) {
      const outcomes = Object.entries(await run(options));
      order.push(...outcomes.filter(([, outcome]) => outcome === 'swept').map(([key]) => key));
      // Of what is about something that has gone there is a note, as long as it is there.
      const findings = await all(verifyStore({ storage }).findings);
      expect(findings.filter(({ severity }) => severity === 'damage')).toEqual([]);
    }
    expect(order).toEqual([stray, digestOf(index), digestOf(other), digestOf(about)]);
    expect((await client.ask('GET', 'app/manifests/v1')).status).toBe(200);
  });

  test('stay when a tag cannot be read: it may be theirs', async () => {
    const { run, client, clock, storage } = await filled();
    await pushManifest({ client, repository: 'app', reference: 'v2' }, other);
    await storage.write('repositories/app/_tags/v2', '{');
    clock.advance(HOUR);
    expect(await run({ untaggedAfter: HOUR })).toEqual({});
  });

  test('that get a tag while they are condemned stay', async () => {
    const { run, client, clock } = await filled();
    await pushManifest({ client, repository: 'app' }, other);
    clock.advance(HOUR);
    const options = { untaggedAfter: HOUR };
    expect(await run(options)).toMatchObject({ [digestOf(other)]: 'condemn' });
    clock.advance(HOUR);
    await pushManifest({ client, repository: 'app', reference: 'v2' }, other);
    expect(await run(options)).toMatchObject({ [digestOf(other)]: 'acquit' });
    expect(await run(options)).toEqual({});
  });
});

describe('two collectors', () => {
  test('do not work at once', async () => {
    const { run, storage, collector } = await filled();
    let second: unknown;
    const wait = async () => {
      second ??= await collector(storage).outcome({});
    };
    await run({});
    await run({ wait });
    expect(second).toBe('busy');
  });

  test('replace one another when the first is dead, and the first notices', async () => {
    const { run, clock, storage, collector } = await filled();
    await run({});
    const wait = async () => {
      clock.advance(LEASE_LIFETIME);
      expect(await collector(storage).outcome({})).toBe('done');
    };
    await expect(run({ wait })).rejects.toThrow('somebody else has begun to collect');
  });

  test('take turns: what was done a short time ago is not done again', async () => {
    const { storage, clock, collector } = await filled();
    const { outcome } = collector(storage);
    expect(await outcome({ every: HOUR })).toBe('done');
    expect(await outcome({ every: HOUR })).toBe('early');
    clock.advance(HOUR);
    expect(await outcome({ every: HOUR })).toBe('done');
  });
});

test('one that is stopped lets the next one begin at once', async () => {
  const { run, collector, storage } = await filled();
  await run({});
  const stop = new AbortController();
  const wait = async () => stop.abort(new Error('stopped'));
  await expect(run({ wait, signal: stop.signal })).rejects.toThrow('stopped');
  expect(await collector(storage).outcome({})).toBe('done');
});

test('nothing is asked of the store for what is not condemned but one object every few seconds', async () => {
  const { client, clock, run, operations } = await filled();
  await run({});
  clock.advance(HOUR);
  const before = operations();
  await pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
  const first = operations() - before;
  await pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
  // The state, and the list of what is condemned.
  expect(first - (operations() - before - first)).toBe(2);
});
