// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../src/core/oci/digest.ts';
import { ociLayoutSource } from '../../src/upstream/oci-layout.ts';
import { NO_DIGESTS } from '../support/digest-corpus.ts';
import {
  type Content,
  contentOf,
  descriptorOf,
  sha256Of,
  sha512Of,
  someIndex,
  someManifest,
  textOf,
} from '../support/image-documents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-layout-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const REF_NAME = 'org.opencontainers.image.ref.name';
const manifest = someManifest();
const tagged = { ...descriptorOf(manifest), annotations: { [REF_NAME]: 'v1' } };

/** A layout whose index has these entries, and these blobs. */
async function layout(entries: readonly unknown[], contents: readonly Content[] = [manifest]) {
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), someIndex(entries).bytes);
  for (const { digest, bytes } of contents) await writeBlob(digest, bytes);
  return ociLayoutSource(folder);
}

async function writeBlob(digest: Digest, bytes: string | Uint8Array): Promise<void> {
  const [algorithm = '', hex = ''] = digest.split(':');
  await mkdir(join(folder, 'blobs', algorithm), { recursive: true });
  await writeFile(join(folder, 'blobs', algorithm, hex), bytes);
}

describe('manifests', () => {
  test('are found by tag and by digest, and nothing else is', async () => {
    const source = await layout([tagged]);
    expect(source.name).toBe(`oci:${folder}`);
    expect(await source.fetchManifest('v1')).toEqual(manifest);
    expect(await source.fetchManifest(manifest.digest)).toEqual(manifest);
    expect(await source.fetchManifest('v2')).toBeUndefined();
    expect(await source.fetchManifest(sha256Of('absent'))).toBeUndefined();
    await source.close();
  });

  test('a child of an index is what its document says, or what its members show', async () => {
    const oldManifest = someManifest({ mediaType: undefined });
    const oldIndex = someIndex([], { mediaType: undefined });
    const source = await layout([], [manifest, oldManifest, oldIndex]);
    for (const child of [manifest, oldManifest, oldIndex]) {
      expect(await source.fetchManifest(child.digest)).toEqual(child);
    }
  });

  test.each([
    ['a config', contentOf({ architecture: 'amd64' }, '')],
    ['no JSON', { digest: sha256Of('layer'), bytes: Buffer.from('layer'), mediaType: '' }],
    ['of an unknown media type', contentOf({ mediaType: 'text/html', layers: [] }, '')],
  ])('a blob that is %s is none', async (_name, content) => {
    const source = await layout([], [content]);
    await expect(source.fetchManifest(content.digest)).rejects.toMatchObject({
      code: 'bad-answer',
    });
  });

  test('the same image may be tagged twice, two images may not share a tag', async () => {
    const other = someManifest({ x: 1 });
    const twice = await layout([tagged, tagged]);
    expect(await twice.fetchManifest('v1')).toEqual(manifest);
    const shared = await layout([tagged, { ...tagged, ...descriptorOf(other) }], [manifest, other]);
    await expect(shared.fetchManifest('v1')).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('threat 22: other bytes under a digest are refused', async () => {
    const source = await layout([tagged], []);
    await writeBlob(manifest.digest, someManifest({ x: 1 }).bytes);
    await expect(source.fetchManifest('v1')).rejects.toMatchObject({ code: 'wrong-digest' });
  });

  test('more than 4 MiB is no manifest', async () => {
    const bytes = Buffer.alloc(4_194_305);
    const source = await layout([], [{ bytes, digest: sha512Of(bytes), mediaType: '' }]);
    await expect(source.fetchManifest(sha512Of(bytes))).rejects.toMatchObject({
      code: 'too-large',
    });
  });
});

test('a tag whose blob is missing names the blob', async () => {
  const source = await layout([tagged], []);
  await expect(source.fetchManifest('v1')).rejects.toMatchObject({
    code: 'bad-answer',
    message: expect.stringContaining(`lacks its file blobs/sha256/${manifest.digest.slice(7)}`),
  });
  expect(await source.fetchManifest(manifest.digest)).toBeUndefined();
});

describe('symbolic links are not followed, and named', () => {
  const outside = sha256Of('secret');
  const file = () => join(folder, 'blobs', 'sha256', outside.slice(7));
  const refusal = (path: string) => ({
    code: 'bad-answer',
    message: expect.stringContaining(`"${path}" is a symbolic link or lies behind one`),
  });

  test('in the place of a blob or a manifest', async () => {
    const source = await layout([tagged]);
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), file());
    await expect(source.fetchBlob(outside)).rejects.toMatchObject(refusal(file()));
    await expect(source.fetchManifest(outside)).rejects.toMatchObject(refusal(file()));
  });

  test('even when they lead nowhere', async () => {
    const source = await layout([tagged]);
    await symlink('nowhere', file());
    await expect(source.fetchBlob(outside)).rejects.toMatchObject(refusal(file()));
  });

  test.each(['blobs', 'blobs/sha256'])('in the place of the folder %s', async (path) => {
    const source = await layout([tagged]);
    await writeBlob(outside, 'secret');
    await rename(join(folder, path), join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(folder, path));
    await expect(source.fetchBlob(outside)).rejects.toMatchObject(refusal(file()));
  });

  test.each(['index.json', 'oci-layout'])('in the place of %s', async (name) => {
    await layout([tagged]);
    await rename(join(folder, name), join(folder, 'elsewhere'));
    await symlink('elsewhere', join(folder, name));
    await expect(ociLayoutSource(folder)).rejects.toMatchObject(refusal(join(folder, name)));
  });

  test('but the layout itself may be named by one', async () => {
    await layout([tagged]);
    const link = `${folder}-link`;
    await symlink(folder, link);
    const source = await ociLayoutSource(link);
    await rm(link);
    await symlink(folder, link);
    expect(await source.fetchManifest('v1')).toEqual(manifest);
    await rm(link);
  });
});

describe('blobs', () => {
  test('are streamed, whatever their algorithm', async () => {
    const source = await layout([]);
    await writeBlob(sha512Of('layer'), 'layer');
    expect(await textOf(await source.fetchBlob(sha512Of('layer')))).toBe('layer');
    expect(await source.fetchBlob(sha256Of('layer'))).toBeUndefined();
  });

  test('a folder in the place of a blob is no blob', async () => {
    const source = await layout([]);
    await mkdir(join(folder, 'blobs', 'sha256', sha256Of('x').slice(7)), { recursive: true });
    expect(await source.fetchBlob(sha256Of('x'))).toBeUndefined();
  });

  test('a stream that nobody wants any more ends', async () => {
    const source = await layout([]);
    await writeBlob(sha256Of('layer'), 'layer');
    const body = await source.fetchBlob(sha256Of('layer'), AbortSignal.abort());
    await expect(textOf(body)).rejects.toMatchObject({ code: 'aborted' });
  });

  test('a file where a folder should be is an error, not an absence', async () => {
    const source = await layout([], []);
    await writeFile(join(folder, 'blobs'), '');
    await expect(source.fetchBlob(sha256Of('x'))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('referrers', () => {
  const subject = descriptorOf(manifest);
  const signature = someManifest({
    subject,
    artifactType: 'application/x',
    annotations: { a: 'b' },
  });
  const report = someManifest({ subject, x: 1 });

  test('are found wherever the index leads, with what a list says of them', async () => {
    const nested = someIndex([descriptorOf(report), descriptorOf(someManifest({ absent: true }))]);
    const entries = [tagged, descriptorOf(signature), descriptorOf(nested)];
    const source = await layout(entries, [manifest, signature, report, nested]);
    const expected = [
      { ...descriptorOf(signature), artifactType: 'application/x', annotations: { a: 'b' } },
      {
        ...descriptorOf(report),
        artifactType: 'application/vnd.oci.image.config.v1+json',
      },
    ];
    expect(await source.listReferrers(manifest.digest)).toEqual(expected);
    expect(await source.listReferrers(manifest.digest)).toEqual(expected);
    expect(await source.listReferrers(signature.digest)).toEqual([]);
  });

  test('are not looked for in what is malformed or no manifest', async () => {
    const odd = [
      contentOf({ subject, layers: [] }, manifest.mediaType),
      contentOf({ subject }, 'text/plain'),
    ];
    const source = await layout(odd.map(descriptorOf), odd);
    expect(await source.listReferrers(manifest.digest)).toEqual([]);
  });

  test('threat 24: each manifest is looked at once, however often an index names it', async () => {
    const levels: Content[] = [manifest];
    for (let depth = 0; depth < 50; depth += 1) {
      const below = descriptorOf(levels.at(-1) ?? manifest);
      levels.push(someIndex(Array.from({ length: 50 }, () => below)));
    }
    const source = await layout([descriptorOf(levels.at(-1) ?? manifest)], levels);
    expect(await source.listReferrers(manifest.digest)).toEqual([]);
  });
});

describe('threat 16', () => {
  test.each(NO_DIGESTS)('%s is no digest, in a call or in index.json', async (_name, text) => {
    await expect(layout([{ ...tagged, digest: text }])).rejects.toMatchObject({
      code: 'bad-answer',
    });
    const source = await layout([tagged]);
    // What a caller might pass on unchecked: the brand is a promise of the compiler's, not of the file's.
    const digest = text as Digest;
    for (const ask of [source.fetchBlob, source.listReferrers]) {
      await expect(ask(digest)).rejects.toMatchObject({ code: 'invalid-reference' });
    }
  });

  test.each(['../../etc/passwd', 'a/b', '', '..', `sha256:${'a'.repeat(63)}`])(
    '"%s" is no reference',
    async (reference) => {
      const source = await layout([tagged]);
      await expect(source.fetchManifest(reference)).rejects.toMatchObject({
        code: 'invalid-reference',
      });
    },
  );

  test.each([
    ['size', { size: -1 }],
    ['size', { size: 1.5 }],
    ['size', { size: '7' }],
    ['media type', { mediaType: 7 }],
    ['artifact type', { artifactType: 7 }],
    ['annotations', { annotations: { a: 7 } }],
    ['annotations', { annotations: 'x' }],
  ])('a descriptor with a wrong %s is refused: %o', async (_name, fields) => {
    await expect(layout([{ ...tagged, ...fields }])).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('threat 30: members called __proto__ change nothing', async () => {
    const entry = JSON.stringify(tagged).replace('{', '{"__proto__":{"digest":"x"},');
    await layout([]);
    await writeFile(join(folder, 'index.json'), `{"schemaVersion":2,"manifests":[${entry}]}`);
    expect(await (await ociLayoutSource(folder)).fetchManifest('v1')).toEqual(manifest);
  });
});

test.each([
  ['no oci-layout', undefined, '{"manifests":[]}'],
  ['another version', '{"imageLayoutVersion":"2.0.0"}', '{"manifests":[]}'],
  ['a version that is none', '{"imageLayoutVersion":1}', '{"manifests":[]}'],
  ['an oci-layout that is no JSON', 'x', '{"manifests":[]}'],
  ['no index', '{"imageLayoutVersion":"1.0.0"}', undefined],
  ['an index without manifests', '{"imageLayoutVersion":"1.0.0"}', '{}'],
  ['an index that is no JSON', '{"imageLayoutVersion":"1.0.0"}', 'x'],
])('a folder with %s is no layout', async (_name, version, index) => {
  const files = Object.entries({ 'oci-layout': version, 'index.json': index });
  for (const [file, text] of files.filter(([, text]) => text !== undefined)) {
    await writeFile(join(folder, file), text ?? '');
  }
  await expect(ociLayoutSource(folder)).rejects.toMatchObject({ code: 'bad-answer' });
});
