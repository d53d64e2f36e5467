// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { fakeMirrorSource } from '../../test/support/mirror-source.ts';
import { addImage, addIndex, addReferrer } from '../../test/support/registry-images.ts';
import { parseDigest } from '../core/oci/digest.ts';
import {
  formatKnown,
  type KnownRepository,
  NOTHING_KNOWN,
  parseKnown,
} from './known-repository.ts';
import { type RepositoryWalk, walkRepository, wantedOf } from './walk-repository.ts';

/** `app:v1` is two platforms with a signature about the index. */
function filledSource() {
  const source = fakeMirrorSource();
  const platforms = [addImage(source.images, 'amd64'), addImage(source.images, 'arm64')];
  const index = addIndex(source.images, platforms);
  const referrer = addReferrer(source.images, index, 'text/signature');
  source.tag('app', 'v1', index.digest);
  return { source, platforms, index, referrer };
}

function walk(source: ReturnType<typeof fakeMirrorSource>, fields: Partial<RepositoryWalk> = {}) {
  return walkRepository({
    source,
    repository: 'app',
    listed: { tags: ['v1'], digests: new Map() },
    wanted: ['v1'],
    digests: [],
    known: NOTHING_KNOWN,
    isImmutable: () => false,
    referrersSince: 0,
    now: 1_000,
    keep: () => {},
    signal: new AbortController().signal,
    ...fields,
  });
}

function digestsIn(known: KnownRepository, includesManifests = true): string[] {
  const wanted = [...wantedOf(known, { repository: 'app', includesManifests })];
  return [...new Set(wanted.map(({ digest }) => digest))];
}

describe('a walk', () => {
  test('reaches platforms, configs, layers and referrers', async () => {
    const { source, platforms, index, referrer } = filledSource();
    const { known, problems } = await walk(source);
    expect(problems).toEqual([]);
    expect([...known.manifests.keys()].sort()).toEqual(
      [index, referrer, ...platforms].map(({ digest }) => digest).sort(),
    );
    expect(digestsIn(known)).toHaveLength(4 + 6);
    expect(digestsIn(known, false)).toHaveLength(6);
  });

  test('costs one HEAD for each tag when nothing changed, and none for one that stays', async () => {
    const { source } = filledSource();
    const { known } = await walk(source);
    source.asked.splice(0);
    const remembered = parseKnown(formatKnown(known)) ?? expect.fail('it is readable');
    const again = await walk(source, { known: remembered });
    expect(source.asked).toEqual(['head app:v1']);
    expect(digestsIn(again.known)).toEqual(digestsIn(known));
    source.asked.splice(0);
    await walk(source, { known: remembered, isImmutable: () => true });
    expect(source.asked).toEqual([]);
  });

  test('looks for referrers again when it is time, and finds a new one', async () => {
    const { source, index } = filledSource();
    const { known } = await walk(source);
    const late = addReferrer(source.images, index, 'text/late');
    const before = await walk(source, { known, referrersSince: 999 });
    expect(before.known.manifests.has(late.digest)).toBe(false);
    const { known: after } = await walk(source, { known, referrersSince: 1_000, now: 2_000 });
    expect(after.manifests.has(late.digest)).toBe(true);
    expect(after.referrersAt).toBe(2_000);
  });

  test('takes what is about an image by its tag, where there is no API', async () => {
    const { source, index } = filledSource();
    source.hasReferrersApi = false;
    const signature = addImage(source.images, 'signature');
    const sbom = addImage(source.images, 'sbom');
    const fallback = addIndex(source.images, [sbom]);
    const other = addImage(source.images, 'other');
    const about = index.digest.replace(':', '-');
    source.tag('app', `${about}.sig`, signature.digest);
    source.tag('app', about, fallback.digest);
    source.tag('app', `sha256-${'00'.repeat(32)}.sig`, other.digest);
    const { signal } = new AbortController();
    const listed = (await source.listTags('app', signal)) ?? expect.fail('it is there');
    const { known } = await walk(source, { listed });
    expect(known.manifests.has(signature.digest)).toBe(true);
    expect(known.manifests.has(fallback.digest)).toBe(true);
    expect(known.manifests.has(sbom.digest)).toBe(true);
    expect(known.manifests.has(other.digest)).toBe(false);
    expect(source.asked.filter((line) => line.startsWith('referrers'))).not.toHaveLength(0);
    const again = await walk(source, { listed, known });
    expect(digestsIn(again.known).sort()).toEqual(digestsIn(known).sort());
  });

  test('leaves layers that are to be had from elsewhere where they are', async () => {
    const { source } = filledSource();
    const layer = {
      ...source.images.addBlob('application/vnd.docker.image.rootfs.foreign.diff.tar', 'x'),
      urls: ['https://evil.example/x'],
    };
    source.tag('app', 'v1', addImage(source.images, 'w', { layers: [layer] }).digest);
    const { known } = await walk(source);
    expect(digestsIn(known)).not.toContain(layer.digest);
    expect([...known.manifests.values()].map(({ foreign }) => foreign)).toEqual([1]);
    const { digest, size, urls } = layer;
    expect(parseKnown(formatKnown(known))).toEqual(known);
    expect([...known.manifests.values()].flatMap(({ elsewhere }) => elsewhere)).toEqual([
      { digest, size, urls },
    ]);
  });

  test('reads a manifest again when only the number of layers from elsewhere was written down', async () => {
    const { source } = filledSource();
    const layer = {
      ...source.images.addBlob('text/x', 'x'),
      urls: ['https://mcr.example/x'],
    };
    const image = addImage(source.images, 'w', { layers: [layer] });
    source.tag('app', 'v1', image.digest);
    const { known } = await walk(source);
    const { elsewhere: _, ...old } =
      known.manifests.get(image.digest) ?? expect.fail('it is there');
    const before = { ...known, manifests: new Map([[image.digest, old]]) };
    source.asked.length = 0;
    expect((await walk(source, { known: before, isImmutable: () => true })).known).toEqual(known);
    expect(source.asked).toEqual([`manifest ${image.digest}`]);
    source.asked.length = 0;
    await walk(source, { known, isImmutable: () => true });
    expect(source.asked).toEqual([]);
  });

  test('names what cannot be read, and goes on with the rest', async () => {
    const { source, index } = filledSource();
    const lost = { ...index, digest: parseDigest(`sha256:${'00'.repeat(32)}`) ?? index.digest };
    source.tag('app', 'broken', addIndex(source.images, [lost]).digest);
    source.tag('app', 'gone', lost.digest);
    const { known, problems } = await walk(source, { wanted: ['broken', 'gone', 'v1'] });
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).toContain(`app@${lost.digest}: `);
    expect(problems.join('\n')).toContain('app:gone: ');
    expect(digestsIn(known)).toHaveLength(4 + 6 + 1);
    // What was not read is not known, so it is asked about whenever it is read.
    expect(known.referrersAt).toBe(1_000);
  });

  test('asks again at once for referrers that it got no answer about', async () => {
    const { source, referrer } = filledSource();
    const silent = { ...source, listReferrers: () => Promise.reject(new Error('no answer')) };
    const { known, problems } = await walk(silent as typeof source, { referrersSince: -1 });
    expect(problems).toHaveLength(3);
    expect(digestsIn(known)).toHaveLength(3 + 4);
    expect(known.referrersAt).toBe(0);
    const next = await walk(source, { known });
    expect(digestsIn(next.known)).toContain(referrer.digest);
  });

  test('asks again for referrers that a wrong clock says were looked for in the future', async () => {
    const { source, index } = filledSource();
    const { known } = await walk(source, { now: 9_000_000 });
    const late = addReferrer(source.images, index, 'text/late');
    const next = await walk(source, { known, now: 1_000 });
    expect(digestsIn(next.known)).toContain(late.digest);
    expect(next.known.referrersAt).toBe(1_000);
  });

  test('ends when referrers lead in circles, or have no end', async () => {
    const { source, index } = filledSource();
    const circling = { ...source, listReferrers: async () => [index] };
    expect((await walk(circling as typeof source)).problems).toEqual([]);
    let count = 0;
    const endless = {
      ...source,
      listReferrers: async () => [addImage(source.images, `more ${count++}`)],
    };
    const { problems } = await walk(endless as typeof source);
    expect(problems).toEqual([expect.stringContaining('nested too deep')]);
  });

  test('ends when it is told to', async () => {
    const { source } = filledSource();
    const signal = AbortSignal.abort();
    const stopped = {
      ...source,
      content: () => ({
        ...source.content('app'),
        fetchManifest: () => Promise.reject(new Error()),
      }),
    };
    await expect(walk(stopped as typeof source, { signal })).rejects.toThrow('aborted');
  });
});

const DIGEST = `sha256:${'ab'.repeat(32)}`;

function memoryWith(elsewhere: string): string {
  const manifest = `{"digest":"${DIGEST}","mediaType":"x","size":1,"manifests":[],"blobs":[],"foreign":1,"elsewhere":${elsewhere},"referrers":[]}`;
  return `{"version":1,"referrersAt":0,"tags":{},"manifests":[${manifest}]}`;
}

test.each([
  '',
  '[]',
  '{"version":2}',
  '{"version":1,"referrersAt":0,"tags":{"a":"b"},"manifests":[]}',
  memoryWith('{}'),
  memoryWith('[1]'),
  memoryWith(`[{"digest":"${DIGEST}","size":1,"urls":[1]}]`),
])('a memory that is not as we write it is forgotten: %s', (text) =>
  expect(parseKnown(text)).toBeUndefined(),
);
