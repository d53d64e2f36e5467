// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { type GoogleRepository, googleEntry, googleRegistry } from '../support/google-listing.ts';
import {
  type RegistryFolder,
  registryFolder,
  temporaryFolder,
} from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';

/** A mirror of a registry whose lists say what the test says. */
async function mirrorOf(
  repositories: readonly string[],
  says: (registry: RegistryFolder) => Readonly<Record<string, GoogleRepository>>,
) {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const asked: string[] = [];
  const usual = pullHandler({ storage: registry.storage, log: silentLog });
  const handler = googleRegistry(usual, says(registry));
  const server = await startTestServer((request) => {
    asked.push(`${request.method} ${request.target}`);
    return handler(request);
  });
  const config = join(folder, 'mirror.yaml');
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  await writeFile(config, stringify({ source: { url: server.url, repositories }, targets }));
  return {
    asked,
    run: () => runCommand(['mirror', 'run', '--yes', '--json', '--config', config]),
  };
}

const done = (out: string) => JSON.parse(out).targets[0].done;

test('patterns are found by what lists say is below, and tags cost nothing where the list has digests', async () => {
  const { asked, run } = await mirrorOf(['team/**:v*'], ({ index }) => ({
    team: { child: ['app', 'gone', '../../etc', 'App'] },
    'team/app': { manifest: { [index.digest]: googleEntry('v1', 'v2') }, tags: ['v1', 'v2'] },
  }));
  const first = await run();
  expect(first).toMatchObject({ exit: 0, err: '' });
  expect(done(first.out)).toMatchObject({ copied: 10, failed: 0 });
  expect(asked.filter((line) => /manifests\/v/.test(line))).toEqual([]);
  asked.splice(0);
  expect(done((await run()).out)).toMatchObject({ copied: 0 });
  expect(asked.sort()).toEqual([
    'GET /v2/_catalog?n=1000',
    'GET /v2/team/app/tags/list?n=1000',
    'GET /v2/team/gone/tags/list?n=1000',
    'GET /v2/team/tags/list?n=1000',
  ]);
});

test('a list that says two things of a tag is asked about it, and one that says what is not there is told of', async () => {
  const gone = `sha256:${'00'.repeat(32)}`;
  const { asked, run } = await mirrorOf(['team/app'], ({ index, platforms }) => ({
    'team/app': {
      manifest: {
        [index.digest]: googleEntry('v1'),
        [platforms[0].digest]: googleEntry('v1'),
        [gone]: googleEntry('v2'),
      },
      tags: ['v1', 'v2'],
    },
  }));
  const { exit, err, out } = await run();
  expect(exit).toBe(5);
  expect(err).toBe(`archeion: team/app@${gone}: the manifest is listed, and not there\n`);
  expect(done(out)).toMatchObject({ copied: 10 });
  expect(asked).toContain('GET /v2/team/app/manifests/v1');
});

test('a registry with neither a catalogue nor such lists says what to do', async () => {
  const { run } = await mirrorOf(['team/*'], () => ({}));
  const { exit, err } = await run();
  expect(exit).not.toBe(0);
  expect(err).toContain('has no catalogue: its repositories have to be named one by one');
});
