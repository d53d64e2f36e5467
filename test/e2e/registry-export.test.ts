// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRun } from '../support/processes.ts';
import { PROGRAM } from './front.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

let folder: string;
let image: SampleImage;
const registry = () => join(folder, 'registry');
const archeion = (...line: string[]) => mustRun(PROGRAM, [...line, '--directory', registry()]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-e2e-export-'));
  image = await buildSampleImage(join(folder, 'image'));
  await archeion('registry', 'import', `oci:${image.layout}:v1`, 'tools/sample:v1');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('skopeo reads an export back, with all platforms and every digest', async () => {
  const target = join(folder, 'exported');
  await archeion('registry', 'export', 'tools/sample:v1', target);
  const read = join(folder, 'read');
  const options = ['--quiet', '--all', '--preserve-digests'];
  await mustRun('skopeo', ['copy', ...options, `oci:${target}:v1`, `oci:${read}:v1`]);
  const digests = await digestsIn(read);
  expect(digests).toEqual(expect.arrayContaining([image.indexDigest, ...image.platformDigests]));
  // The export has the referrer as well, which skopeo leaves behind.
  const exported = await digestsIn(target);
  expect(exported).toEqual(expect.arrayContaining([...digests, image.referrerDigest]));
});

test('a layout of skopeo is added to, and both can be read', async () => {
  const target = join(folder, 'shared');
  const source = `oci:${image.layout}:${image.signatureTag}`;
  await mustRun('skopeo', ['copy', '--quiet', source, `oci:${target}:signature`]);
  await archeion('registry', 'export', 'tools/sample', target);
  for (const tag of ['signature', 'v1']) {
    const text = await mustRun('skopeo', ['inspect', '--raw', `oci:${target}:${tag}`]);
    expect(JSON.parse(text)).toMatchObject({ schemaVersion: 2 });
  }
});

test('the exported registry is whole, and a tag is removed with what only it leads to', async () => {
  expect(await archeion('registry', 'verify')).toContain(': whole');
  expect(await archeion('registry', 'rm', 'tools/sample:v1', '--recursive')).toMatch(
    /freed \d+\.\d MiB of \d+ blobs and manifests\n$/,
  );
  expect(await archeion('registry', 'ls')).toBe('');
});
