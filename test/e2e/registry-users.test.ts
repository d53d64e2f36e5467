// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePorts, waitForHttp } from '../support/free-port.ts';
import { runProcess, startProcess, stopAllProcesses } from '../support/processes.ts';
import { PROGRAM } from './front.ts';
import { buildSampleImage, type SampleImage } from './sample-image.ts';

const PASSWORDS = { alice: 'wonderland-7', bob: 'the-builder-9', carol: 'christmas-3' };

let folder: string;
let host: string;
let image: SampleImage;
let log: () => string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-access-'));
  image = await buildSampleImage(join(folder, 'image'));
  const [port = 0, adminPort = 0] = await freePorts(2);
  host = `127.0.0.1:${port}`;
  for (const name of ['alice', 'bob'] as const) await addUser(name);
  // As `htpasswd -B` writes it: what Perl calls `crypt` is the system's own, which can make it.
  const script = 'print crypt($ARGV[0], q($2b$05$abcdefghijklmnopqrstuu))';
  const { stdout: hash } = await runProcess('perl', ['-e', script, PASSWORDS.carol]);
  const users = join(folder, 'users');
  await writeFile(users, `${await readFile(users, 'utf8')}carol:${hash}\n`);
  const file = join(folder, 'registry.yaml');
  await writeFile(
    file,
    stringify({
      listen: { port },
      admin: { port: adminPort },
      storage: { kind: 'filesystem', directory: 'store' },
      access: {
        anonymousPull: ['public/**'],
        users: { file: 'users' },
        groups: { owners: ['alice', 'carol'] },
        rules: [
          {
            groups: ['owners'],
            repositories: ['**'],
            actions: ['pull', 'push', 'create', 'delete'],
          },
          { users: ['bob'], repositories: ['public/*'], actions: ['pull', 'create'] },
        ],
      },
    }),
  );
  const line = [PROGRAM, 'registry', 'serve', '--config', file, '--create'];
  const running = startProcess(process.execPath, line);
  log = running.output;
  await waitForHttp(`http://${host}/v2/`, running);
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** The password comes on standard input, where no list of processes shows it. */
async function addUser(name: keyof typeof PASSWORDS): Promise<void> {
  const line = [PROGRAM, 'registry', 'user', 'add', name, '--file', join(folder, 'users')];
  const script = 'printf %s "$PASSWORD" | "$0" "$@"';
  const env = { ...process.env, PASSWORD: PASSWORDS[name] };
  const added = await runProcess('sh', ['-c', script, process.execPath, ...line], { env });
  expect(added).toMatchObject({ code: 0 });
}

type Somebody = keyof typeof PASSWORDS | 'nobody';

function credentials(who: Somebody, option: string): string[] {
  return who === 'nobody' ? [] : [option, `${who}:${PASSWORDS[who]}`];
}

async function push(who: Somebody, reference: string): Promise<boolean> {
  const from = `oci:${image.layout}:${image.tag}`;
  const options = ['--all', '--dest-tls-verify=false', ...credentials(who, '--dest-creds')];
  const line = ['copy', ...options, from, `docker://${host}/${reference}`];
  return (await runProcess('skopeo', line)).code === 0;
}

async function pull(who: Somebody, reference: string): Promise<boolean> {
  const options = ['--raw', '--tls-verify=false', ...credentials(who, '--creds')];
  return (
    (await runProcess('skopeo', ['inspect', ...options, `docker://${host}/${reference}`])).code ===
    0
  );
}

describe('skopeo', () => {
  test.each([
    ['nobody', 'public/a:v1', false],
    ['alice', 'public/a:v1', true],
    ['carol', 'private/a:v1', true],
    ['bob', 'public/a:v2', true],
    ['bob', 'public/b:v1', true],
    ['bob', 'private/a:v2', false],
  ] as const)('as %s pushes to %s: %s', async (who, reference, isDone) => {
    expect(await push(who, reference)).toBe(isDone);
  });

  test.each([
    ['nobody', 'public/a:v1', true],
    ['nobody', 'private/a:v1', false],
    ['bob', 'private/a:v1', false],
    ['alice', 'private/a:v1', true],
    ['carol', 'private/a:v1', true],
  ] as const)('as %s pulls %s: %s', async (who, reference, isDone) => {
    expect(await pull(who, reference)).toBe(isDone);
  });

  test('with a wrong password gets nowhere, and is told so', async () => {
    const options = ['--raw', '--tls-verify=false', '--creds', 'alice:guessed'];
    const line = ['inspect', ...options, `docker://${host}/private/a:v1`];
    expect((await runProcess('skopeo', line)).stderr).toContain('wrong user name or password');
  });
});

test('threat 31: no password is in the log', () => {
  for (const password of Object.values(PASSWORDS)) expect(log()).not.toContain(password);
});
