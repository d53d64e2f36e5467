// SPDX-License-Identifier: Apache-2.0
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { HttpAnswer } from '../../src/protocol/http.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { SCHEMA1, SIGNED_SCHEMA1, schema1, sha256, signed } from '../support/schema1-image.ts';
import { startTestServer } from '../support/start-server.ts';

const LAYERS = ['an empty layer', 'a layer', 'an empty layer'];
const PLAIN = schema1(LAYERS);
const NOT_THERE: HttpAnswer = { status: 404, headers: [], body: '' };

/** A mirror of a registry that is as old as its one image. */
async function mirrorOf(mediaType: string, manifest: string, digest: string) {
  const asked: string[] = [];
  const blobs = new Map(LAYERS.map((layer) => [sha256(layer), layer]));
  const server = await startTestServer(({ method, target }) => {
    asked.push(`${method} ${target}`);
    const [kind = '', name = ''] = target.replace('/v2/old/', '').split('/');
    if (kind === 'tags') return { status: 200, headers: [], body: '{"tags":["v1"]}' };
    if (kind === 'manifests' && ['v1', digest].includes(name)) {
      const headers = ['Content-Type', mediaType, 'Docker-Content-Digest', digest];
      return { status: 200, headers, body: manifest };
    }
    const blob = kind === 'blobs' ? blobs.get(name) : undefined;
    return blob === undefined ? NOT_THERE : { status: 200, headers: [], body: blob };
  });
  const folder = await temporaryFolder();
  const config = join(folder, 'mirror.yaml');
  const source = { url: server.url, repositories: ['old'] };
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  await writeFile(config, stringify({ source, targets }));
  return {
    asked,
    run: () => runCommand(['mirror', 'run', '--yes', '--config', config]),
    held: () => readdir(join(folder, 'dublin/containers/images')),
  };
}

const KNOWN = ['GET /v2/old/tags/list?n=1000', 'HEAD /v2/old/manifests/v1'];

test("layers of Docker's first schema are mirrored, and what has the digest of its bytes", async () => {
  const { asked, run, held } = await mirrorOf(SCHEMA1, PLAIN, sha256(PLAIN));
  expect(await run()).toMatchObject({ exit: 0, err: '' });
  expect((await held()).sort()).toEqual([...new Set([...LAYERS, PLAIN].map(sha256))].sort());
  expect(asked.filter((line) => line.startsWith('HEAD')).length).toBe(2);
  asked.splice(0);
  expect(await run()).toMatchObject({ exit: 0, err: '' });
  expect(asked).toEqual(KNOWN);
});

test('of a signed one only its layers are, because no target could hold it under its digest', async () => {
  const { asked, run, held } = await mirrorOf(SIGNED_SCHEMA1, signed(PLAIN), sha256(PLAIN));
  expect(await run()).toMatchObject({ exit: 0, err: '' });
  expect((await held()).sort()).toEqual([...new Set(LAYERS.map(sha256))].sort());
  asked.splice(0);
  expect(await run()).toMatchObject({ exit: 0, err: '' });
  expect(asked).toEqual(KNOWN);
});

test.each([
  ['is malformed', '{"schemaVersion":1}', sha256('{"schemaVersion":1}'), 'it has no fsLayers'],
  ['has other bytes', PLAIN, sha256('other'), 'has other bytes, of digest'],
  [
    'lists what is not there',
    schema1(['gone']),
    sha256(schema1(['gone'])),
    'nobody says how large',
  ],
])('one that %s is named', async (_, manifest, digest, problem) => {
  const { run } = await mirrorOf(SCHEMA1, manifest, digest);
  const { exit, err } = await run();
  expect(exit).toBe(5);
  expect(err).toContain('old:v1: ');
  expect(err).toContain(problem);
});
