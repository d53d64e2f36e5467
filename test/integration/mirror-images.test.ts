// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDeclaredImages } from '../../src/cli/mirror/declared-images.ts';
import { parseMirrorConfig } from '../../src/config/mirror.ts';
import { OCI_LAYER_GZIP } from '../../src/core/oci/media-type.ts';
import { parseBlobPath } from '../../src/core/routing/blob-path.ts';
import { silentLog } from '../../src/log.ts';
import { prepareMirror } from '../../src/mirror/mirror.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { fakeMirrorSource } from '../support/mirror-source.ts';
import { writePromotionTree } from '../support/promotion-tree.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

/** Reads what a source declares, as a configuration in a folder of its own. */
async function declaredIn(folder: string, source: object) {
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  const result = parseMirrorConfig({ source: { url: 'https://us.example', ...source }, targets });
  const config = result.ok ? result.config : expect.fail(result.problems.join());
  return readDeclaredImages({ config, origin: 'mirror.yaml', directory: folder });
}

test('a tree as large as that of registry.k8s.io is read as a whole', async () => {
  const folder = await temporaryFolder();
  const size = { projects: 75, images: 11, digests: 25 };
  const count = await writePromotionTree(folder, size);
  const { digests, problems } = await declaredIn(folder, { images: ['.'] });
  expect(problems).toEqual([]);
  expect(digests.size).toBe(75 * 11);
  expect([...digests.values()].flat()).toHaveLength(count);
  expect([...digests.keys()].at(-1)).toMatch(/^prod\/images\/p\d+\/image-10$/);
});

test('twenty thousand digests that are known cost no request', async () => {
  const source = fakeMirrorSource();
  const layers = [source.images.addBlob(OCI_LAYER_GZIP, 'shared')];
  const declared = new Map(
    Array.from({ length: 800 }, (_, image) => {
      const digests = Array.from(
        { length: 25 },
        (_, place) =>
          addImage(source.images, 'shared', { layers, annotations: { is: `${image} ${place}` } })
            .digest,
      );
      return [`team/image-${image}`, digests] as const;
    }),
  );
  const store = memoryDriver();
  const blobPath = parseBlobPath('blobs/{digest}') ?? expect.fail('it is a path');
  const prepare = () =>
    prepareMirror({
      source,
      selections: [],
      declared,
      targets: [{ name: 'dublin', store, blobPath, publicUrl: undefined }],
      isImmutable: () => false,
      includesManifests: true,
      referrersAfter: 86_400_000,
      isDryRun: false,
      index: { validFor: 3_600_000, privateKey: undefined, every: 86_400_000 },
      now: Date.now,
      onProblem: (problem) => expect.fail(problem),
      signal: new AbortController().signal,
    });
  expect((await prepare()).plan.wanted.objects).toBe(800 * 25 + 2);
  source.asked.splice(0);
  expect((await prepare()).plan.wanted.objects).toBe(800 * 25 + 2);
  expect(source.asked).toEqual([]);
});

test('names are those that the images were brought to, below the place that the source is', async () => {
  const folder = await temporaryFolder();
  await writePromotionTree(folder, { projects: 1, images: 1, digests: 1 });
  const place = { url: 'https://front.example', images: ['images'], prefix: 'mirror' };
  const named = await declaredIn(folder, { ...place, promotedTo: 'eu.example/prod/images' });
  expect([...named.digests.keys()]).toEqual(['mirror/p0/image-0']);
  const elsewhere = await declaredIn(folder, place);
  expect(elsewhere.digests.size).toBe(0);
  expect(elsewhere.problems).toEqual([
    'images/k8s-staging-p0/images.yaml: none of its registries is at "front.example": say source.promotedTo',
  ]);
});

test('names that come twice are one, and what is wrong is named with file and line', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'one.yaml'), `- { name: app, dmap: { "${DIGEST}": [v1] } }`);
  const thick = { registries: [{ name: 'us.example' }], images: [] as object[] };
  thick.images.push({ name: 'app', dmap: { [DIGEST]: [], [OTHER]: ['v2'], 'md5:00': [] } });
  await mkdir(join(folder, 'more'));
  await writeFile(join(folder, 'more/images.yaml'), stringify(thick));
  await writeFile(join(folder, 'more/other.yaml'), 'not: read');
  const { digests, problems } = await declaredIn(folder, { images: ['one.yaml', 'more'] });
  expect([...digests]).toEqual([['app', [DIGEST, OTHER]]]);
  expect(problems).toEqual(['more/images.yaml, line 9: "md5:00" is no digest']);
  const long = await declaredIn(folder, { images: ['one.yaml'], prefix: 'x'.repeat(254) });
  expect(long.problems).toEqual([expect.stringMatching(/^one\.yaml: ".*" is no repository$/)]);
});

test.each([
  [['nowhere.yaml'], /source\.images\.0: .*nowhere\.yaml" cannot be read/],
  [['.'], /source\.images\.0: .* has no images\.yaml/],
])('%s is refused', async (images, problem) => {
  await expect(declaredIn(await temporaryFolder(), { images })).rejects.toThrow(problem);
});

test('digests of a registry are mirrored, and asked for but once', async () => {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const asked: string[] = [];
  const handler = pullHandler({ storage: registry.storage, log: silentLog });
  const server = await startTestServer((request) => {
    asked.push(`${request.method} ${request.target}`);
    return handler(request);
  });
  const list = [{ name: 'app', dmap: { [registry.index.digest]: ['never asked for'] } }];
  await writeFile(join(folder, 'images.yaml'), stringify(list));
  const config = join(folder, 'mirror.yaml');
  const source = { url: server.url, images: ['images.yaml'], prefix: 'team' };
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  await writeFile(config, stringify({ source, targets }));
  const line = ['mirror', 'run', '--yes', '--config', config];
  const first = await runCommand(line);
  expect(first).toMatchObject({
    exit: 5,
    err: 'archeion: images.yaml, line 4: "never asked for" is no tag\n',
  });
  expect(first.out).toMatch(/\ndublin +10 +/);
  expect(asked.filter((request) => request.includes('tags/list'))).toHaveLength(1);
  asked.splice(0);
  expect((await runCommand(line)).out).toMatch(/\ndublin +0 +/);
  expect(asked).toEqual([]);
});
