// SPDX-License-Identifier: Apache-2.0
import { createHash, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mustRun, runProcess, startProcess, stopAllProcesses } from '../support/processes.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { PROGRAM } from './front.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

let folder: string;
let image: SampleImage;
let source: DockerRegistry;
let target: DockerRegistry;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-e2e-copy-'));
  image = await buildSampleImage(join(folder, 'image'));
  const places = ['source', 'target'].map((name) => join(folder, name));
  for (const place of places) await mkdir(place);
  const [one = '', two = ''] = places;
  [source, target] = await Promise.all([startDockerRegistry(one), startDockerRegistry(two)]);
  await pushSampleImage(image, `${source.host}/team/app`);
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const app = () => `docker://${source.host}/team/app:${image.tag}`;
const KEPT = ['copy', '--quiet', '--all', '--preserve-digests'];

/** What a registry has of the image, by the digests of its manifests. */
async function pushedTo(name: string): Promise<readonly unknown[]> {
  const manifests = [image.tag, image.signatureTag, image.referrersTag, image.referrerDigest];
  return Promise.all(
    manifests.map(async (reference) => {
      const answer = await fetch(`http://${name.replace('/', '/v2/')}/manifests/${reference}`, {
        headers: { accept: '*/*, application/vnd.oci.image.index.v1+json' },
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      return createHash('sha256').update(bytes).digest('hex');
    }),
  );
}

describe('archeion copy', () => {
  test('fills a registry of Debian, which has no referrers API, with everything', async () => {
    await mustRun(PROGRAM, ['copy', app(), `docker://${target.host}/copies/`]);
    expect(await pushedTo(`${target.host}/copies/team/app`)).toEqual(
      await pushedTo(`${source.host}/team/app`),
    );
    const read = at('read');
    const from = `docker://${target.host}/copies/team/app:${image.tag}`;
    await mustRun('skopeo', [...KEPT, '--src-tls-verify=false', from, `oci:${read}:v1`]);
    expect(await digestsIn(read)).toEqual(expect.arrayContaining([...image.platformDigests]));
  });

  test('writes archives that skopeo reads, and reads those of skopeo', async () => {
    await mustRun(PROGRAM, ['copy', app(), `oci-archive:${at('ours.tar')}`]);
    await mustRun('skopeo', [
      ...KEPT,
      `oci-archive:${at('ours.tar')}:${image.tag}`,
      `oci-archive:${at('theirs.tar')}:${image.tag}`,
    ]);
    const printed = await mustRun(PROGRAM, [
      'copy',
      `oci-archive:${at('theirs.tar')}`,
      `oci:${at('back')}`,
    ]);
    expect(printed).toContain(image.indexDigest);
  });
});

describe('archeion bundle', () => {
  test('is carried over, and read by skopeo by the name of each image', async () => {
    const file = at('site.tar');
    await mustRun(PROGRAM, ['copy', app(), `docker://${source.host}/tools/other:v2`]);
    const other = `docker://${source.host}/tools/other:v2`;
    await mustRun(PROGRAM, ['bundle', 'create', file, app(), other]);
    expect(await mustRun(PROGRAM, ['bundle', 'verify', file])).toContain(': whole');
    const name = `oci-archive:${file}:team/app:${image.tag}`;
    const raw = await mustRun('skopeo', ['inspect', '--raw', name]);
    expect(createHash('sha256').update(raw).digest('hex')).toBe(image.indexDigest.slice(7));
    await mustRun(PROGRAM, ['bundle', 'load', file, `docker://${target.host}/site/`]);
    expect(await pushedTo(`${target.host}/site/team/app`)).toEqual(
      await pushedTo(`${source.host}/team/app`),
    );
  });

  test('is made, and loaded, by processes that are killed half way', async () => {
    const file = at('killed.tar');
    await untilDone(['bundle', 'create', file, app()], file);
    const whole = at('at-once.tar');
    await mustRun(PROGRAM, ['bundle', 'create', whole, app()]);
    expect((await readFile(file)).equals(await readFile(whole))).toBe(true);
    await untilDone(['bundle', 'load', file, `docker://${target.host}/killed/`]);
    expect(await pushedTo(`${target.host}/killed/team/app`)).toEqual(
      await pushedTo(`${source.host}/team/app`),
    );
  });
});

const KILLS = 10;
/** Together longer than the program takes to start, and shorter than it takes to end. */
const KILLED_WITHIN = { least: 150, most: 1_000 };

/** Killed again and again, then left to its end; or done, when there is what it makes. */
async function untilDone(line: readonly string[], made?: string): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const running = startProcess(PROGRAM, line);
    await sleep(randomInt(KILLED_WITHIN.least, KILLED_WITHIN.most));
    await running.stop('SIGKILL');
    if (running.exitCode() === 0 || (made !== undefined && existsSync(made))) return;
  }
  const last = await runProcess(PROGRAM, line);
  expect(last).toMatchObject({ code: 0, stderr: '' });
}
