// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { NO_DIGESTS } from '../../../test/support/digest-corpus.ts';
import { as, fakeAccess } from '../../../test/support/fake-access.ts';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import {
  imageOf,
  indexOf,
  pushImage,
  pushManifest,
} from '../../../test/support/registry-pushes.ts';
import { codeOf } from '../../../test/support/registry-refusals.ts';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../core/oci/media-type.ts';
import { LARGEST_MANIFEST } from '../store/manifest-store.ts';
import { digestOf } from '../store/verify-body.ts';

const IMAGE = imageOf('layer');
const OTHER = imageOf('layer', { annotations: { which: 'other' } });
const digest = digestOf(IMAGE);

function push(client: RegistryClient, reference?: string) {
  return { client, repository: 'app', ...(reference !== undefined && { reference }) };
}

/** A registry whose repository `app` has the blobs of all images here. */
async function prepared(ports: Parameters<typeof registryClient>[0] = {}): Promise<RegistryClient> {
  const client = registryClient(ports);
  for (const content of ['layer', '{}']) await client.push('app', content);
  return client;
}

async function digestOfTag(client: RegistryClient, tag: string): Promise<string | undefined> {
  const { headers } = await client.ask('HEAD', `app/manifests/${tag}`);
  return headers['docker-content-digest'];
}

describe('a manifest', () => {
  test('is pushed by tag, and pulled by tag and digest as the same bytes', async () => {
    const client = await prepared();
    const answer = await pushManifest(push(client, 'v1'), ` ${IMAGE}\n`);
    const stored = digestOf(` ${IMAGE}\n`);
    expect(answer).toMatchObject({ status: 201, text: '' });
    expect(answer.headers).toMatchObject({
      location: `/v2/app/manifests/${stored}`,
      'docker-content-digest': stored,
    });
    for (const reference of ['v1', stored]) {
      const pulled = await client.ask('GET', `app/manifests/${reference}`);
      expect(pulled.text).toBe(` ${IMAGE}\n`);
      expect(pulled.headers['content-type']).toBe(OCI_MANIFEST);
    }
  });

  test.each(['sha256', 'sha512'] as const)('is pushed by digest, %s', async (algorithm) => {
    const client = await prepared();
    const answer = await pushManifest({ ...push(client), algorithm }, IMAGE);
    expect(answer.status).toBe(201);
    const location = answer.headers['location'] ?? '';
    expect(location).toContain(digestOf(IMAGE, algorithm));
    expect((await client.ask('GET', location)).text).toBe(IMAGE);
    expect((await client.ask('GET', 'app/tags/list')).text).toBe('{"name":"app","tags":[]}');
  });

  test('gets the tags of its parameters too, and says which', async () => {
    const client = await prepared();
    const answer = await pushManifest(push(client, `${digest}?tag=v1&tag=latest&tag=v1`), IMAGE);
    expect(answer.status).toBe(201);
    expect(answer.headers['oci-tag']).toBe('latest'); // the last of the header's lines
    expect(JSON.parse((await client.ask('GET', 'app/tags/list')).text).tags).toEqual([
      'latest',
      'v1',
    ]);
  });

  test.each([
    ['?tag=..', 400, 'MANIFEST_INVALID'],
    ['?tag=', 400, 'MANIFEST_INVALID'],
    ['?tag=a%2Fb', 400, 'MANIFEST_INVALID'],
    [`?${Array.from({ length: 101 }, (_, n) => `tag=t${n}`).join('&')}`, 414, 'UNSUPPORTED'],
  ])('with the parameters %s is not stored', async (query, status, code) => {
    const client = await prepared();
    const answer = await pushManifest(push(client, digest + query), IMAGE);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(await keysIn(client.storage, 'repositories/')).toEqual([]);
  });

  test('of a type that nobody here knows is kept as it is', async () => {
    const client = await prepared();
    const mediaType = 'application/vnd.example.unknown+json';
    const text = '{"layers":[{"digest":"nonsense"}]}';
    expect((await pushManifest({ ...push(client, 'x'), mediaType }, text)).status).toBe(201);
    const pulled = await client.ask('GET', 'app/manifests/x');
    expect(pulled.text).toBe(text);
    expect(pulled.headers['content-type']).toBe(mediaType);
  });

  test('without a Content-Type says itself what it is', async () => {
    const client = await prepared();
    expect((await client.ask('PUT', 'app/manifests/v1', { body: IMAGE })).status).toBe(201);
    expect((await client.ask('PUT', 'app/manifests/v2', { body: '{}' })).status).toBe(400);
  });
});

test.each([
  ['other bytes', digestOf('other'), IMAGE, 'DIGEST_INVALID'],
  ['no JSON', 'v1', 'x', 'MANIFEST_INVALID'],
  ['nothing', 'v1', '', 'MANIFEST_INVALID'],
])('threat 21: a manifest of %s is not stored', async (_, reference, body, code) => {
  const client = await prepared();
  const answer = await pushManifest(push(client, reference), body);
  expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  expect(await keysIn(client.storage, 'repositories/')).toEqual([]);
});

test.each([
  ['both an image and an index', imageOf('layer', { manifests: [] }), OCI_MANIFEST],
  ['another type than its Content-Type', IMAGE, OCI_INDEX],
  ['a key twice', IMAGE.replace('{', '{"layers":[],'), OCI_MANIFEST],
])('threat 3: a manifest with %s is refused', async (_, manifest, mediaType) => {
  const client = await prepared();
  const answer = await pushManifest({ ...push(client, 'v1'), mediaType }, manifest);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
  expect(await keysIn(client.storage, 'repositories/')).toEqual([]);
});

test.each(NO_DIGESTS)('threat 16: a manifest that refers to %s is refused', async (_, text) => {
  const client = await prepared();
  const manifest = IMAGE.replace(digestOf('layer'), JSON.stringify(text).slice(1, -1));
  const answer = await pushManifest(push(client, 'v1'), manifest);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
});

test('threat 2: a manifest without end is refused at 4 MiB, one that says its size at once', async () => {
  const client = await prepared();
  let sent = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += 65_536;
      yield Buffer.alloc(65_536, ' ');
    }
  };
  const answer = await client.ask('PUT', 'app/manifests/v1', { body: endless() });
  expect(answer.status).toBe(413);
  expect(sent).toBe(LARGEST_MANIFEST + 65_536);
  const headers = { 'content-length': String(LARGEST_MANIFEST + 1) };
  const said = await client.ask('PUT', 'app/manifests/v1', { body: endless(), headers });
  expect(said.status).toBe(413);
  expect(sent).toBe(LARGEST_MANIFEST + 65_536);
  const largest = IMAGE.padEnd(LARGEST_MANIFEST);
  expect((await pushManifest(push(client, 'v1'), largest)).status).toBe(201);
});

describe('threat 30: a member called', () => {
  test.each(['__proto__', 'constructor', 'prototype'])('%s changes nothing', async (name) => {
    const client = await prepared();
    const evil = `{"size":1,"layers":[],"digest":"${digestOf('evil')}","artifactType":"evil"}`;
    const subject = JSON.stringify({ mediaType: OCI_MANIFEST, digest, size: IMAGE.length });
    const annotations = `{"${name}":"noted"}`;
    const manifest = IMAGE.replace(
      '{',
      `{"${name}":${evil},"annotations":${annotations},"subject":${subject},`,
    );
    expect((await pushManifest(push(client, 'v1'), manifest)).status).toBe(201);
    const pulled = await client.ask('GET', 'app/manifests/v1');
    expect(pulled.text).toBe(manifest);
    expect(pulled.headers['docker-content-digest']).toBe(digestOf(manifest));
    const referrers = (await client.ask('GET', `app/referrers/${digest}`)).text;
    expect(referrers).toContain(`"annotations":${annotations}`);
    expect(referrers).not.toContain('evil');
    expect({}).not.toHaveProperty('artifactType');
  });

  test.each(['__proto__', 'constructor'])(
    '%s is no descriptor that could be left out',
    async (name) => {
      const client = await prepared();
      const hidden = IMAGE.replace('"config":', `"${name}":`);
      const answer = await pushManifest(push(client, 'v1'), hidden);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'MANIFEST_INVALID']);
    },
  );
});

describe('what a manifest refers to', () => {
  test('has to be in the repository, and what is missing is said', async () => {
    const client = registryClient();
    await client.push('others', 'layer');
    await client.push('app', '{}');
    const answer = await pushManifest(push(client, 'v1'), IMAGE);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
    expect(JSON.parse(answer.text).errors[0].detail).toEqual([{ digest: digestOf('layer') }]);
    expect(await keysIn(client.storage, 'repositories/')).toEqual([]);
  });

  test('may be missing when it is a manifest and that is allowed, never when it is a blob', async () => {
    const mediaType = OCI_INDEX;
    const index = indexOf([IMAGE]);
    const strict = await prepared();
    const refused = await pushManifest({ ...push(strict, 'v1'), mediaType }, index);
    expect(codeOf(refused)).toBe('MANIFEST_BLOB_UNKNOWN');
    const lax = await prepared({ settings: { acceptMissingReferences: true } });
    const accepted = await pushManifest({ ...push(lax, 'v1'), mediaType }, index);
    expect(accepted.status).toBe(201);
    const sparse = await pushManifest(push(lax, 'v2'), imageOf('missing'));
    expect(codeOf(sparse)).toBe('MANIFEST_BLOB_UNKNOWN');
  });

  test('may be an index of indexes', async () => {
    const client = await prepared();
    await pushManifest(push(client), IMAGE);
    const inner = indexOf([IMAGE]);
    const outer = indexOf([], {
      manifests: [{ mediaType: OCI_INDEX, digest: digestOf(inner), size: inner.length }],
    });
    const mediaType = OCI_INDEX;
    const early = await pushManifest({ ...push(client, 'v1'), mediaType }, outer);
    expect(codeOf(early)).toBe('MANIFEST_BLOB_UNKNOWN');
    await pushManifest({ ...push(client), mediaType }, inner);
    expect((await pushManifest({ ...push(client, 'v1'), mediaType }, outer)).status).toBe(201);
  });

  test('need not be here when nobody may give it away', async () => {
    const client = registryClient();
    await client.push('app', '{}');
    const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const layers = [{ mediaType: foreign, digest: digestOf('layer'), size: 5 }];
    expect((await pushManifest(push(client, 'v1'), imageOf('', { layers }))).status).toBe(201);
  });
});

describe('threat 23: OCI-Subject', () => {
  const subject = { mediaType: OCI_MANIFEST, digest, size: IMAGE.length };

  test('is said exactly when the subject lists the referrer', async () => {
    const client = await prepared();
    const referrer = imageOf('layer', { subject, artifactType: 'text/note' });
    const answer = await pushManifest(push(client), referrer);
    expect(answer.headers['oci-subject']).toBe(digest);
    const list = JSON.parse((await client.ask('GET', `app/referrers/${digest}`)).text);
    expect(list.manifests).toMatchObject([
      { digest: digestOf(referrer), artifactType: 'text/note', mediaType: OCI_MANIFEST },
    ]);
    expect((await pushManifest(push(client), IMAGE)).headers['oci-subject']).toBeUndefined();
  });

  test('is not said of a manifest that nobody here can read', async () => {
    const client = await prepared();
    const mediaType = 'application/vnd.example.unknown+json';
    const answer = await pushManifest(
      { ...push(client, 'x'), mediaType },
      JSON.stringify({ subject }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers['oci-subject']).toBeUndefined();
    const list = JSON.parse((await client.ask('GET', `app/referrers/${digest}`)).text);
    expect(list.manifests).toEqual([]);
  });
});

describe('a tag', () => {
  test('moves, and is somewhere at every moment', async () => {
    const client = await prepared();
    await pushManifest(push(client, 'v1'), IMAGE);
    await pushManifest(push(client, 'v1'), OTHER);
    expect(await digestOfTag(client, 'v1')).toBe(digestOf(OTHER));
    expect((await client.ask('GET', `app/manifests/${digest}`)).text).toBe(IMAGE);
  });

  test('that many move at once is where one of them put it', async () => {
    const client = await prepared();
    const images = Array.from({ length: 8 }, (_, n) =>
      imageOf('layer', { artifactType: `a/${n}` }),
    );
    const answers = await Promise.all(images.map((one) => pushManifest(push(client, 'v1'), one)));
    expect(answers.map(({ status }) => status)).toEqual(images.map(() => 201));
    expect(images.map((one) => digestOf(one))).toContain(await digestOfTag(client, 'v1'));
  });

  test('that is immutable stays where it is, and may be pushed there again', async () => {
    const client = await prepared({ settings: { immutableTags: ['v*'] } });
    expect((await pushManifest(push(client, 'v1'), IMAGE)).status).toBe(201);
    const moved = await pushManifest(push(client, 'v1'), OTHER);
    expect([moved.status, codeOf(moved)]).toEqual([403, 'DENIED']);
    const besides = await pushManifest(push(client, `latest?tag=v1`), OTHER);
    expect(besides.status).toBe(403);
    expect(await digestOfTag(client, 'v1')).toBe(digest);
    expect((await client.ask('GET', `app/manifests/${digestOf(OTHER)}`)).status).toBe(404);
    expect((await pushManifest(push(client, 'v1'), IMAGE)).status).toBe(201);
    expect((await pushManifest(push(client, 'latest'), IMAGE)).status).toBe(201);
    expect((await pushManifest(push(client, 'latest'), OTHER)).status).toBe(201);
  });
});

describe('threat 11: who may only create', () => {
  const access = fakeAccess({
    creator: { app: ['create', 'pull'] },
    owner: { app: ['push', 'pull', 'delete'] },
  });
  const creator = { repository: 'app', ...as('creator') };
  const owner = { repository: 'app', ...as('owner') };

  test('adds tags, and moves none', async () => {
    const client = registryClient({ access });
    expect((await pushImage({ client, ...creator, reference: 'v1' }, IMAGE)).status).toBe(201);
    const moved = await pushManifest({ client, ...creator, reference: 'v1' }, OTHER);
    expect([moved.status, codeOf(moved)]).toEqual([403, 'DENIED']);
    for (const query of ['v2?tag=v1', `${digestOf(OTHER)}?tag=v1`]) {
      const refused = await pushManifest({ client, ...creator, reference: query }, OTHER);
      expect(refused.status).toBe(403);
    }
    const pulled = await client.ask('GET', 'app/manifests/v1', as('creator'));
    expect(pulled.text).toBe(IMAGE);
    expect((await pushManifest({ client, ...creator, reference: 'v1' }, IMAGE)).status).toBe(201);
    expect((await pushManifest({ client, ...creator }, OTHER)).status).toBe(201);
    expect((await pushManifest({ client, ...owner, reference: 'v1' }, OTHER)).status).toBe(201);
  });

  test('wins or loses a race for a tag, and never moves what somebody else has put', async () => {
    const client = registryClient({ access });
    await pushImage({ client, ...owner }, IMAGE);
    const images = Array.from({ length: 8 }, (_, n) =>
      imageOf('layer', { artifactType: `a/${n}` }),
    );
    const answers = await Promise.all(
      images.map((one) => pushManifest({ client, ...creator, reference: 'new' }, one)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, 403, 403, 403, 403, 403, 403, 403]);
    const winner = images[statuses.indexOf(201)];
    const pulled = await client.ask('GET', 'app/manifests/new', as('owner'));
    expect(pulled.text).toBe(winner);
  });

  test('may use a tag again whose manifest is gone', async () => {
    const client = registryClient({ access });
    await pushImage({ client, ...creator, reference: 'v1' }, IMAGE);
    await client.ask('DELETE', `app/manifests/${digest}`, as('owner'));
    expect((await pushManifest({ client, ...creator, reference: 'v1' }, OTHER)).status).toBe(201);
  });
});
