// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';
import { withTokenEndpoint } from '../../src/registry/access/open-access.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { mustRun, runProcess, stopAllProcesses } from '../support/processes.ts';
import { openTestAccess, passwordFile, passwordOf } from '../support/registry-access.ts';
import { startContainerd } from './clients.ts';
import { goTool } from './go-tools.ts';
import { buildSampleImage, type SampleImage } from './sample-image.ts';

let folder: string;
let image: SampleImage;
let server: RunningServer;
let host: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-access-'));
  image = await buildSampleImage(join(folder, 'image'));
  const storage = filesystemDriver(join(folder, 'store'));
  // Two of them from another program, whose hashes it makes itself.
  const bcrypt = await mustRun('htpasswd', ['-nbB', 'pusher', passwordOf('pusher')]);
  const users = passwordFile(['puller', 'creator', 'deleter', 'owner', 'friend']) + bcrypt;
  const readFile = async () => users;
  const { access } = await openTestAccess({}, { storage, readFile, now: Date.now });
  const handler = withTokenEndpoint(access, registryHandler({ storage, log: silentLog, access }));
  server = await startServer({
    name: 'registry',
    host: '127.0.0.1',
    port: 0,
    handler,
    log: silentLog,
  });
  host = `127.0.0.1:${server.address.port}`;
  expect(await push('owner', 'team/app:v1')).toBe(0);
});

afterAll(async () => {
  await stopAllProcesses();
  await server.close();
  await rm(folder, { recursive: true });
});

function login(user: string, side: 'src' | 'dest'): string[] {
  const who =
    user === 'nobody' ? `--${side}-no-creds` : `--${side}-creds=${user}:${passwordOf(user)}`;
  return [`--${side}-tls-verify=false`, who];
}

async function push(user: string, name: string, tag = image.tag): Promise<number | undefined> {
  const options = ['--quiet', '--all', '--preserve-digests', ...login(user, 'dest')];
  const line = ['copy', ...options, `oci:${image.layout}:${tag}`, `docker://${host}/${name}`];
  return (await runProcess('skopeo', line)).code ?? undefined;
}

async function pull(user: string, name: string): Promise<number | undefined> {
  const to = `oci:${await mkdtemp(join(folder, 'pulled-'))}:v1`;
  const line = ['copy', '--quiet', '--all', ...login(user, 'src'), `docker://${host}/${name}`, to];
  return (await runProcess('skopeo', line)).code ?? undefined;
}

describe('skopeo', () => {
  test.each([
    ['puller', 0],
    ['pusher', 0],
    ['creator', 0],
    ['friend', 1],
    ['nobody', 1],
  ])('as %s pulls: %i', async (user, code) => {
    expect(await pull(user, 'team/app:v1')).toBe(code);
  });

  test.each([
    ['pusher', 0],
    ['creator', 0],
    ['puller', 1],
    ['friend', 1],
    ['nobody', 1],
  ])('as %s pushes: %i', async (user, code) => {
    expect(await push(user, `team/by-${user}:v1`)).toBe(code);
  });

  test('threat 11: moves no tag as who may only create', async () => {
    expect(await push('creator', 'team/app:v1', image.referrerTag)).toBe(1);
    expect(await push('creator', 'team/app:v2', image.referrerTag)).toBe(0);
  });

  test('threat 10: deletes as who may, and not as who may push', async () => {
    expect(await push('owner', 'team/gone:v1')).toBe(0);
    const remove = (user: string) => {
      const who = ['--tls-verify=false', `--creds=${user}:${passwordOf(user)}`];
      return runProcess('skopeo', ['delete', ...who, `docker://${host}/team/gone:v1`]);
    };
    expect(await remove('pusher')).toMatchObject({ code: 1 });
    expect(await remove('owner')).toMatchObject({ code: 0 });
  });
});

test.each(['skopeo', 'podman'])('%s logs in, and not with a wrong password', async (program) => {
  const file = ['--tls-verify=false', '--authfile', join(folder, `${program}.json`)];
  const line = (password: string) => ['login', ...file, '-u', 'friend', '-p', password, host];
  expect(await runProcess(program, line('wrong'))).not.toMatchObject({ code: 0 });
  expect(await runProcess(program, line(passwordOf('friend')))).toMatchObject({ code: 0 });
});

test('containerd pulls and pushes with a password', async () => {
  const containerd = await startContainerd(join(folder, 'containerd'));
  const as = (user: string) => `${user}:${passwordOf(user)}`;
  const fetched = await containerd.fetch('test', `${host}/team/app:v1`, as('puller'));
  expect(fetched).toMatchObject({ code: 0 });
  expect(await containerd.fetch('test', `${host}/team/app:v1`)).not.toMatchObject({ code: 0 });
  await containerd.stop();
});

test.each(['crane', 'regctl'] as const)('%s copies, lists and deletes', async (name) => {
  const program = await goTool(name);
  const home = await mkdtemp(join(folder, name));
  const options = { env: { ...process.env, HOME: home, DOCKER_CONFIG: home } };
  const run = (line: string) => mustRun(program, line.split(' '), options);
  const [from, to] = [`${host}/team/app:v1`, `${host}/team/${name}`];
  const password = passwordOf('owner');
  const lines = {
    crane: [
      `auth login -u owner -p ${password} ${host}`,
      `copy --insecure ${from} ${to}:v1`,
      `ls --insecure ${to}`,
      `delete --insecure ${to}:v1`,
    ],
    regctl: [
      `registry set --tls disabled --skip-check ${host}`,
      `registry login -u owner -p ${password} ${host}`,
      `image copy ${from} ${to}:v1`,
      `tag ls ${to}`,
      `tag delete ${to}:v1`,
    ],
  };
  const said: string[] = [];
  for (const line of lines[name]) said.push(await run(line));
  expect(said.at(-2)).toContain('v1');
});

test('crane and regctl list the repositories that their user may pull', async () => {
  const lines = {
    crane: [`auth login -u USER -p PASSWORD ${host}`, `catalog --insecure ${host}`],
    regctl: [
      `registry set --tls disabled --skip-check ${host}`,
      `registry login -u USER -p PASSWORD ${host}`,
      `repo ls ${host}`,
    ],
  };
  const listed = async (name: 'crane' | 'regctl', user: string) => {
    const home = await mkdtemp(join(folder, `${name}-${user}`));
    const options = { env: { ...process.env, HOME: home, DOCKER_CONFIG: home } };
    let said = '';
    for (const line of lines[name]) {
      const words = line.replace('USER', user).replace('PASSWORD', passwordOf(user)).split(' ');
      said = await mustRun(await goTool(name), words, options);
    }
    return said.split('\n');
  };
  expect(await listed('crane', 'puller')).toContain('team/app');
  expect(await listed('regctl', 'puller')).toContain('team/app');
  expect(await listed('crane', 'friend')).toEqual(['']);
});
