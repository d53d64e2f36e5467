// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningFront, startFront } from '../support/running-command.ts';

let folder = '';
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-reload-'));
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
  await rm(folder, { recursive: true, force: true });
});

function documentFor(upstream: string, more = ''): string {
  return `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "https://${upstream}.example" }]
shutdown: { grace: 50ms }
${more}`;
}

async function start(text: string): Promise<{ running: RunningFront; file: string }> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(file, text);
  front = await startFront(['--config', file]);
  return { running: front, file };
}

async function locationOf({ url }: RunningFront): Promise<string | null> {
  const answer = await fetch(`${url}/v2/a/manifests/v1`, { redirect: 'manual' });
  expect(answer.status).toBe(307);
  return answer.headers.get('location');
}

test('a file that is replaced is served from then on', async () => {
  const { running, file } = await start(documentFor('one'));
  expect(await locationOf(running)).toBe('https://one.example/v2/a/manifests/v1');
  await writeFile(`${file}.new`, documentFor('two'));
  await rename(`${file}.new`, file);
  await running.logged('config-reloaded');
  expect(await locationOf(running)).toBe('https://two.example/v2/a/manifests/v1');
});

test.each([
  ['cannot be read', 'upstreams: ['],
  ['has a typo', documentFor('two', 'routign: []')],
  ['moves a listener', documentFor('two').replace('port: 0 }', 'port: 1 }')],
  [
    'fails a test of its own',
    documentFor('two', 'tests: [{ client: 192.0.2.1, path: /v2/a/manifests/v1, expect: other }]'),
  ],
])('a file that %s is refused, and the old one goes on', async (_, text) => {
  const { running, file } = await start(documentFor('one'));
  await writeFile(file, text);
  await running.logged('config-refused');
  expect(await locationOf(running)).toBe('https://one.example/v2/a/manifests/v1');
});

test('SIGHUP reads the file again', async () => {
  const { running } = await start(documentFor('one'));
  running.hangUp();
  await running.logged('config-reloaded');
  expect(await locationOf(running)).toBe('https://one.example/v2/a/manifests/v1');
});

test('reloads under load drop no request', async () => {
  const { running } = await start(documentFor('one'));
  let isOver = false;
  const client = async () => {
    let answered = 0;
    while (!isOver) {
      expect(await locationOf(running)).toContain('one.example');
      answered += 1;
    }
    return answered;
  };
  const clients = Array.from({ length: 8 }, client);
  for (let round = 1; round <= 20; round += 1) {
    running.hangUp();
    await running.logged('config-reloaded', round);
  }
  isOver = true;
  expect(Math.min(...(await Promise.all(clients)))).toBeGreaterThan(0);
});

test('a stop drains, and ends with 0', async () => {
  const { running } = await start(documentFor('one'));
  await locationOf(running);
  expect(await running.stop()).toBe(0);
  await expect(fetch(running.url)).rejects.toThrow();
});
