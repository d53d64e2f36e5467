// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import { imageOf, pushImage, pushManifest } from '../../../test/support/registry-pushes.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { OCI_MANIFEST } from '../../core/oci/media-type.ts';
import { digestOf } from '../store/verify-body.ts';

const IMAGE = imageOf('layer');
const digest = digestOf(IMAGE);
const layer = digestOf('layer');

async function filled(ports: Parameters<typeof registryClient>[0] = {}): Promise<RegistryClient> {
  const client = registryClient(ports);
  for (const repository of ['app', 'app/other']) {
    for (const reference of ['v1', 'v2']) await pushImage({ client, repository, reference }, IMAGE);
  }
  return client;
}

async function statusOf(client: RegistryClient, path: string): Promise<number> {
  const [got, asked] = [await client.ask('GET', path), await client.ask('HEAD', path)];
  expect(asked.status).toBe(got.status);
  return got.status;
}

describe('threat 7: after a deletion nothing is served', () => {
  test('of a tag, while its manifest and the other tags stay', async () => {
    const client = await filled();
    expect((await client.ask('DELETE', 'app/manifests/v1')).status).toBe(202);
    expect(await statusOf(client, 'app/manifests/v1')).toBe(404);
    expect(await statusOf(client, 'app/manifests/v2')).toBe(200);
    expect(await statusOf(client, `app/manifests/${digest}`)).toBe(200);
    expect(codeOf(await client.ask('DELETE', 'app/manifests/v1'))).toBe('MANIFEST_UNKNOWN');
  });

  test('of a manifest, its tags and what it is listed under', async () => {
    const client = await filled();
    const subject = { mediaType: OCI_MANIFEST, digest, size: IMAGE.length };
    const referrer = imageOf('layer', { subject });
    await pushManifest({ client, repository: 'app', reference: 'note' }, referrer);
    await pushManifest({ client, repository: 'app', reference: 'kept' }, IMAGE);
    const path = `app/manifests/${digestOf(referrer)}`;
    expect((await client.ask('DELETE', path)).status).toBe(202);
    expect(await statusOf(client, path)).toBe(404);
    expect(await statusOf(client, `app/blobs/${digestOf(referrer)}`)).toBe(404);
    expect(await statusOf(client, 'app/manifests/note')).toBe(404);
    const { tags } = JSON.parse((await client.ask('GET', 'app/tags/list')).text);
    expect(tags).toEqual(['kept', 'v1', 'v2']);
    const list = JSON.parse((await client.ask('GET', `app/referrers/${digest}`)).text);
    expect(list.manifests).toEqual([]);
    expect(codeOf(await client.ask('DELETE', path))).toBe('MANIFEST_UNKNOWN');
  });

  test('of a blob, in this repository and in no other', async () => {
    const client = await filled();
    expect(await statusOf(client, `app/blobs/${layer}`)).toBe(200);
    expect((await client.ask('DELETE', `app/blobs/${layer}`)).status).toBe(202);
    expect(await statusOf(client, `app/other/blobs/${layer}`)).toBe(200);
    expect(await statusOf(client, `app/blobs/${layer}`)).toBe(404);
    expect(codeOf(await client.ask('DELETE', `app/blobs/${layer}`))).toBe('BLOB_UNKNOWN');
    const another = registryClient({ storage: client.storage });
    expect(await statusOf(another, `app/blobs/${layer}`)).toBe(404);
  });

  test('and what was deleted can be pushed again', async () => {
    const client = await filled();
    await client.ask('DELETE', `app/manifests/${digest}`);
    await client.ask('DELETE', `app/blobs/${layer}`);
    const again = await pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
    expect(codeOf(again)).toBe('MANIFEST_BLOB_UNKNOWN');
    expect((await pushImage({ client, repository: 'app', reference: 'v1' }, IMAGE)).status).toBe(
      201,
    );
    expect(await statusOf(client, 'app/manifests/v1')).toBe(200);
  });
});

test('a manifest is not deleted as a blob', async () => {
  const client = await filled();
  expect((await client.ask('DELETE', `app/blobs/${digest}`)).status).toBe(405);
  expect(await statusOf(client, 'app/manifests/v1')).toBe(200);
});

test('an immutable tag is not deleted, nor what it points at', async () => {
  const client = await filled({ settings: { immutableTags: ['v1'] } });
  for (const reference of ['v1', digest]) {
    const answer = await client.ask('DELETE', `app/manifests/${reference}`);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'DENIED']);
  }
  expect(await statusOf(client, 'app/manifests/v1')).toBe(200);
  expect((await client.ask('DELETE', 'app/manifests/v2')).status).toBe(202);
});

test('a manifest that is pushed while it is deleted is whole or gone', async () => {
  const client = await filled();
  const push = () => pushManifest({ client, repository: 'app', reference: 'v1' }, IMAGE);
  const remove = () => client.ask('DELETE', `app/manifests/${digest}`);
  for (let round = 0; round < 20; round++) {
    await Promise.all([push(), remove(), push(), remove()]);
    const [byTag, byDigest] = [
      await statusOf(client, 'app/manifests/v1'),
      await statusOf(client, `app/manifests/${digest}`),
    ];
    expect([200, 404]).toContain(byDigest);
    expect([byDigest, 404]).toContain(byTag);
  }
});

test('threat 9: what is switched off is refused for every verb on every reference', async () => {
  const writes = ['PUT', 'POST', 'PATCH', 'DELETE'];
  const paths = [
    'app/manifests/v1',
    `app/manifests/${digest}`,
    `app/blobs/${layer}`,
    'app/tags/list',
    `app/referrers/${digest}`,
    'app/blobs/uploads/',
    `app/blobs/uploads/${'a'.repeat(32)}`,
    '',
  ];
  const full = await filled();
  const before = await keysIn(full.storage, '');
  const readOnly = registryClient({ storage: full.storage, settings: { readOnly: true } });
  for (const path of paths) {
    for (const method of writes) {
      const answer = await readOnly.ask(method, path, { body: IMAGE });
      expect([answer.status, codeOf(answer)]).toEqual([405, 'UNSUPPORTED']);
      expect(answer.headers['allow']).toBe('GET, HEAD');
    }
  }
  const kept = registryClient({ storage: full.storage, settings: { deletes: false } });
  for (const path of paths.slice(0, 5)) {
    const answer = await kept.ask('DELETE', path);
    expect([answer.status, codeOf(answer)]).toEqual([405, 'UNSUPPORTED']);
    expect(answer.headers['allow']).not.toContain('DELETE');
  }
  expect(await keysIn(full.storage, '')).toEqual(before);
  const location = await kept.start('app');
  expect((await kept.ask('DELETE', location)).status).toBe(204);
});
