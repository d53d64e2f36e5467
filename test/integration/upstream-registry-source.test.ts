// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../src/core/oci/digest.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import { registrySource } from '../../src/upstream/registry-source.ts';
import { NO_DIGESTS } from '../support/digest-corpus.ts';
import { type FakeAnswer, startFakeUpstream } from '../support/fake-upstream.ts';
import {
  descriptorOf,
  INDEX_TYPE,
  MANIFEST_TYPE,
  sha256Of,
  sha512Of,
  someIndex,
  someManifest,
  textOf,
} from '../support/image-documents.ts';

const manifest = someManifest();
const opened: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

/** The repository `a/b` of a registry that answers as the test says, by path and query. */
async function repositoryOf(answers: Readonly<Record<string, FakeAnswer>>) {
  const up = await startFakeUpstream(({ target }) => answers[target]);
  const client = openUpstream({ origin: up.url, limits: { retries: 0 } });
  opened.push(() => client.close(), up.stop);
  return { source: registrySource(client, 'a/b', { name: 'the registry' }), up, client };
}

function manifestAnswer(
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): FakeAnswer {
  return { headers: { 'content-type': MANIFEST_TYPE, ...headers }, body: bytes };
}

describe('manifests', () => {
  test('a tag gives the bytes as they are, and the digest they have', async () => {
    const { source, up } = await repositoryOf({
      '/v2/a/b/manifests/v1': manifestAnswer(manifest.bytes, {
        'content-type': `${MANIFEST_TYPE}; charset=utf-8`,
        'docker-content-digest': `sha256:${'0'.repeat(64)}`,
      }),
    });
    expect(await source.fetchManifest('v1')).toEqual(manifest);
    expect(up.requests[0]?.accept).toContain(INDEX_TYPE);
  });

  test.each([
    ['sha256', sha256Of],
    ['sha512', sha512Of],
  ])('a digest by %s gives the bytes that have it', async (_name, digestOf) => {
    const digest = digestOf(manifest.bytes);
    const { source } = await repositoryOf({
      [`/v2/a/b/manifests/${digest}`]: manifestAnswer(manifest.bytes),
    });
    expect(await source.fetchManifest(digest)).toEqual({ ...manifest, digest });
  });

  test('what is not there is undefined', async () => {
    const { source } = await repositoryOf({});
    expect(await source.fetchManifest('v1')).toBeUndefined();
    expect(await source.fetchBlob(manifest.digest)).toBeUndefined();
    await source.close();
  });

  test('threat 22: other bytes than asked for are refused, whatever the digest header says', async () => {
    const other = Buffer.concat([manifest.bytes, Buffer.from('\n')]);
    const headers = { 'docker-content-digest': manifest.digest };
    const { source } = await repositoryOf({
      [`/v2/a/b/manifests/${manifest.digest}`]: manifestAnswer(other, headers),
    });
    await expect(source.fetchManifest(manifest.digest)).rejects.toMatchObject({
      code: 'wrong-digest',
    });
  });

  test.each([
    ['gzip that says so', { 'content-encoding': 'gzip' }, 'bad-answer'],
    ['gzip that does not', {}, 'wrong-digest'],
  ])('threat 22: %s is no manifest', async (_name, headers, code) => {
    const answer = manifestAnswer(gzipSync(manifest.bytes), headers);
    const { source } = await repositoryOf({
      [`/v2/a/b/manifests/${manifest.digest}`]: answer,
      '/v2/a/b/manifests/v1': answer,
    });
    await expect(source.fetchManifest(manifest.digest)).rejects.toMatchObject({ code });
  });

  test('threat 22: a truncated manifest never arrives', async () => {
    const { source } = await repositoryOf({
      '/v2/a/b/manifests/v1': {
        headers: {
          'content-type': MANIFEST_TYPE,
          'content-length': String(manifest.bytes.byteLength),
        },
        write(response) {
          response.write(manifest.bytes.slice(0, 10));
          setImmediate(() => response.destroy());
        },
      },
    });
    await expect(source.fetchManifest('v1')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test.each([
    ['text/html'],
    ['application/json'],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws'],
    [''],
  ])('a media type of "%s" is no manifest', async (mediaType) => {
    const { source } = await repositoryOf({
      '/v2/a/b/manifests/v1': manifestAnswer(manifest.bytes, { 'content-type': mediaType }),
    });
    await expect(source.fetchManifest('v1')).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('threat 25: more than 4 MiB is no manifest', async () => {
    const { source } = await repositoryOf({
      '/v2/a/b/manifests/v1': manifestAnswer(Buffer.alloc(4_194_305)),
    });
    await expect(source.fetchManifest('v1')).rejects.toMatchObject({ code: 'too-large' });
  });
});

test('a blob is streamed', async () => {
  const { source } = await repositoryOf({
    [`/v2/a/b/blobs/${sha256Of('layer')}`]: { body: 'layer' },
  });
  expect(await textOf(await source.fetchBlob(sha256Of('layer')))).toBe('layer');
});

describe('referrers', () => {
  const path = `/v2/a/b/referrers/${manifest.digest}`;
  const tag = `/v2/a/b/manifests/${manifest.digest.replace(':', '-')}`;
  const first = {
    ...descriptorOf(someManifest({ x: 1 })),
    artifactType: 'application/x',
    annotations: { a: 'b' },
  };
  const second = descriptorOf(someManifest({ x: 2 }));
  const page = (manifests: readonly unknown[], headers = {}): FakeAnswer => ({
    headers: { 'content-type': INDEX_TYPE, ...headers },
    body: someIndex(manifests).bytes,
  });

  test('are listed over all pages', async () => {
    const { source } = await repositoryOf({
      [path]: page([first], { link: `<${path}?next=2>; rel="next"` }),
      [`${path}?next=2`]: page([second]),
    });
    expect(await source.listReferrers(manifest.digest)).toEqual([first, second]);
  });

  test.each([
    ['has no API for them', {}],
    [
      'answers something else',
      { [path]: { headers: { 'content-type': 'text/html' }, body: '<html>' } },
    ],
  ])('come from the tag schema where the registry %s', async (_name, answers) => {
    const { source } = await repositoryOf({ ...answers, [tag]: page([first]) });
    expect(await source.listReferrers(manifest.digest)).toEqual([first]);
  });

  test('the tag of a sha512 subject keeps 64 digits', async () => {
    const subject = sha512Of('x');
    const { source } = await repositoryOf({
      [`/v2/a/b/manifests/sha512-${subject.slice(7, 71)}`]: page([second]),
    });
    expect(await source.listReferrers(subject)).toEqual([second]);
  });

  test('are none where nothing is known of any', async () => {
    const { source } = await repositoryOf({});
    expect(await source.listReferrers(manifest.digest)).toEqual([]);
  });

  test.each([
    'https://evil.example/x',
    '/v2/other/referrers/x',
    `/v2/a/b/referrers/${sha256Of('another')}`,
    'x>;',
  ])('do not go on at "%s"', async (target) => {
    const { source } = await repositoryOf({
      [path]: page([first], { link: `<${target}>; rel="next"` }),
    });
    await expect(source.listReferrers(manifest.digest)).rejects.toMatchObject({
      code: 'bad-answer',
    });
  });

  test('threat 25: a list that never ends is given up', async () => {
    const { source, up } = await repositoryOf({
      [path]: page([], { link: `<${path}>; rel="next"` }),
    });
    await expect(source.listReferrers(manifest.digest)).rejects.toMatchObject({
      code: 'too-large',
    });
    expect(up.requests).toHaveLength(100);
  });

  test.each(NO_DIGESTS)(
    'threat 16: a descriptor whose digest is %s makes the list malformed',
    async (_name, digest) => {
      const { source } = await repositoryOf({ [path]: page([first, { ...second, digest }]) });
      await expect(source.listReferrers(manifest.digest)).rejects.toMatchObject({
        code: 'bad-answer',
      });
    },
  );
});

describe('threat 16: nothing is asked', () => {
  test.each(NO_DIGESTS)('for %s instead of a digest', async (_name, text) => {
    const { source, up } = await repositoryOf({});
    // What a caller might pass on unchecked: the brand is a promise of the compiler's, not of the wire's.
    const digest = text as Digest;
    for (const ask of [source.fetchBlob, source.listReferrers]) {
      await expect(ask(digest)).rejects.toMatchObject({ code: 'invalid-reference' });
    }
    expect(up.requests).toEqual([]);
  });

  test.each(['../../x', 'a/b', 'v1?x=1', 'v1#x', '%2e%2e', '', '-x', `sha256:${'a'.repeat(63)}`])(
    'for the reference "%s"',
    async (reference) => {
      const { source, up } = await repositoryOf({});
      await expect(source.fetchManifest(reference)).rejects.toMatchObject({
        code: 'invalid-reference',
      });
      expect(up.requests).toEqual([]);
    },
  );

  test.each(['../x', 'A', 'a//b', '', 'a/../b', 'a?b'])(
    'of the repository "%s"',
    async (repository) => {
      const { client } = await repositoryOf({});
      expect(() => registrySource(client, repository, { name: 'x' })).toThrow(
        expect.objectContaining({ code: 'invalid-reference' }),
      );
    },
  );
});
