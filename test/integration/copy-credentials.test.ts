// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { withTokenEndpoint } from '../../src/registry/access/open-access.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import { openTestAccess, passwordOf } from '../support/registry-access.ts';
import { registryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';

/** A registry with rules, and what `docker login` leaves of a user. */
async function guarded(user: string) {
  const { folder, storage, index } = await registryFolder();
  const { access } = await openTestAccess({}, { storage, now: Date.now });
  onTestFinished(() => access.close());
  const registry = registryHandler({ log: silentLog, storage, access });
  const asked: string[] = [];
  const usual = withTokenEndpoint(access, registry);
  const tokens: string[] = [];
  const server = await startTestServer((request) => {
    asked.push(`${request.method} ${request.target}`);
    const url = new URL(request.target, 'http://registry');
    if (url.pathname === '/token') tokens.push(url.searchParams.getAll('scope').join(' '));
    return usual(request);
  });
  const host = `127.0.0.1:${server.port}`;
  const home = join(folder, 'home');
  await mkdir(home);
  const auth = Buffer.from(`${user}:${passwordOf(user)}`).toString('base64');
  await writeFile(join(home, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  const run = (...args: string[]) =>
    runCommand(['copy', ...args], undefined, { DOCKER_CONFIG: home });
  return { run, name: `docker://${host}`, asked, tokens, index };
}

test('who may push does so with tokens, and has mounted what they may pull', async () => {
  const { run, name, index } = await guarded('owner');
  const { exit, out } = await run(`${name}/team/app:v1`, `${name}/team/copy:v1`, '--json');
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    images: [{ digest: index.digest }],
    manifests: 4,
    blobs: 0,
    mounted: 6,
  });
});

test('of a source no token is asked for that may write', async () => {
  const { run, name, tokens } = await guarded('owner');
  await run(`${name}/team/app:v1`, `${name}/team/copy:v1`);
  const reading = tokens.filter((scopes) => scopes === 'repository:team/app:pull');
  expect(reading).toHaveLength(1);
  expect(tokens.filter((scopes) => /team\/app:pull,/.test(scopes))).toEqual([]);
});

test('who may only pull is refused, and told by whom', async () => {
  const { run, name, asked } = await guarded('puller');
  const { exit, err } = await run(`${name}/team/app:v1`, `${name}/team/copy:v1`);
  expect({ exit, err }).toMatchObject({ exit: 1, err: expect.stringContaining('/team/copy/') });
  expect(err).not.toContain(passwordOf('puller'));
  expect(asked.filter((line) => line.startsWith('PUT'))).toEqual([]);
});
