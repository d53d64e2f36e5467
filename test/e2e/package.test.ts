// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type FinishedProcess,
  mustRun,
  runProcess,
  systemEnvironment,
} from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');

let folder: string;
let tarball: string;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-package-'));
  version = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version;
  const args = ['pack', '--silent', '--pack-destination', folder];
  await mustRun('npm', args, { cwd: ROOT, env: systemEnvironment() });
  tarball = join(folder, `archeion-${version}.tgz`);
});

afterAll(() => rm(folder, { recursive: true }));

test('the package holds the bundled program and its data, and nothing of the checkout', async () => {
  const files = (await mustRun('tar', ['--list', '--file', tarball])).trim().split('\n');
  expect(files).toContain('package/dist/bin/archeion');
  expect(files).toContain('package/dist/program/main.js');
  expect(files).toContain('package/dist/program/bcrypt-worker.js');
  expect(files).toContain('package/LICENSE');
  expect(
    files.filter((file) => /\.ts$|\.test\.|package\/(src|test|bench|docs)\//.test(file)),
  ).toEqual([]);
});

test('it brings the licence of everything that is bundled with it', async () => {
  const file = 'package/dist/THIRD-PARTY-LICENSES.txt';
  const text = await mustRun('tar', ['--extract', '--to-stdout', '--file', tarball, file]);
  expect(text).toMatch(/^zod \d/m);
  expect(text).toMatch(/^undici \d/m);
  expect(text.match(/^={100}$/gm)?.length).toBeGreaterThan(20);
});

test('installed into an empty folder, it runs on the pinned Node.js whatever the system has', async () => {
  const { code, stdout, stderr } = await runInstalled('whole', []);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  const installed = await readdir(join(folder, 'whole', 'node_modules'));
  expect(installed.filter((name) => !/^\.|^node-/.test(name))).toEqual(['archeion']);
});

// A system with a Node.js that is new enough has nothing to be told.
test.skipIf(await isSystemNodeNewEnough())(
  'without its optional dependencies it says which Node.js it needs',
  async () => {
    const { code, stdout, stderr } = await runInstalled('bare', ['--omit=optional']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('needs Node.js 24.15 or later, this is v');
  },
);

async function runInstalled(name: string, options: readonly string[]): Promise<FinishedProcess> {
  const project = join(folder, name);
  await mkdir(project);
  // Without a package.json of its own npm would look for one in the folders above.
  await writeFile(join(project, 'package.json'), '{}');
  const env = systemEnvironment();
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await mustRun('npm', ['install', ...quiet, ...options, tarball], { cwd: project, env });
  return runProcess('node_modules/.bin/archeion', ['--version'], { cwd: project, env });
}

async function isSystemNodeNewEnough(): Promise<boolean> {
  const text = await mustRun('node', ['--version'], { env: systemEnvironment() });
  const [major = 0, minor = 0] = text.slice(1).split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 15);
}
