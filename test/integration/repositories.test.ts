// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { type FakeUpstream, json, startFakeUpstream } from '../support/fake-upstream.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const LIST = 'repositories: { list: [pause, "csi/*"] }';
const FILE = 'repositories: { file: names.txt }';

let folder = '';
let config = '';
let names = '';
let upstream: FakeUpstream;
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-repositories-'));
  config = join(folder, 'archeion.yaml');
  names = join(folder, 'names.txt');
  upstream = await startFakeUpstream(() => json({ name: 'a', tags: [] }));
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
  await upstream.stop();
  await rm(folder, { recursive: true, force: true });
});

function write(more: string): Promise<void> {
  return writeFile(
    config,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "${upstream.url}" }]
backends: [{ name: near, url: "${upstream.url}" }]
routing: [{ blobs: [near] }]
shutdown: { grace: 50ms }
${more}`,
  );
}

async function start(more: string): Promise<RunningFront> {
  await write(more);
  front = await startFront(['--config', config]);
  return front;
}

function ask({ url }: RunningFront, path: string): Promise<Response> {
  return fetch(`${url}/v2/${path}`, { redirect: 'manual' });
}

async function statusOf(running: RunningFront, repository: string): Promise<number> {
  const answer = await ask(running, `${repository}/manifests/v1`);
  await answer.arrayBuffer();
  return answer.status;
}

async function metricsOf({ adminUrl }: RunningFront): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

async function explained(path: string): Promise<string> {
  let printed = '';
  const line = ['explain', path, '--client-address', '192.0.2.1', '--config', config];
  await dispatch(line, {
    out: (text) => (printed += text),
    err: () => {},
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return printed;
}

test('without a list every name is let through, and nothing is measured', async () => {
  const running = await start('');
  expect(await statusOf(running, 'any')).toBe(307);
  expect(await metricsOf(running)).not.toMatch(/known_repositories(?:_\w+)? \d/);
});

describe('a repository that is not in the list', () => {
  test.each([
    'pauze/manifests/v1',
    `pauze/manifests/${DIGEST}`,
    `pauze/blobs/${DIGEST}`,
    'pauze/tags/list',
    `pauze/referrers/${DIGEST}`,
  ])('is unknown: %s', async (path) => {
    const answer = await ask(await start(LIST), path);
    expect(answer.status).toBe(404);
    const body = (await answer.json()) as { errors: unknown[] };
    expect(body.errors).toEqual([
      {
        code: 'NAME_UNKNOWN',
        message: expect.stringContaining('"pauze" is not known here: check its name'),
      },
    ]);
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(upstream.requests).toEqual([]);
  });

  test('is explained by command and by the running front, as it is answered', async () => {
    const running = await start(LIST);
    const query = 'path=/v2/pauze/manifests/v1&address=192.0.2.1';
    const answer = await fetch(`${running.adminUrl}/explain?${query}`);
    expect(await answer.json()).toMatchObject({ answer: { status: 404 }, candidates: [] });
    expect(await explained('/v2/pauze/manifests/v1')).toMatch(
      /answer +404 +repository "pauze" is not/,
    );
    expect(await explained('/v2/pause/manifests/v1')).toMatch(/answer +307/);
  });
});

test('those that are in it are served, and counted', async () => {
  const running = await start(LIST);
  expect(await statusOf(running, 'pause')).toBe(307);
  expect(await statusOf(running, 'csi/driver')).toBe(307);
  expect(await metricsOf(running)).toContain('archeion_known_repositories 2');
});

test('a reload with another list is in force at once', async () => {
  const running = await start(LIST);
  await write('repositories: { list: [etcd] }');
  await running.logged('config-reloaded');
  expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([404, 307]);
});

describe('a file', () => {
  async function replace(text: string): Promise<void> {
    await writeFile(`${names}.new`, text);
    await rename(`${names}.new`, names);
  }

  test('is read before the first request, and again when it changes', async () => {
    await writeFile(names, '# ours\npause\n');
    const running = await start(FILE);
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 404]);
    const before = await metricsOf(running);
    expect(before).toContain('archeion_known_repositories 1');
    expect(before).toMatch(/archeion_known_repositories_refreshed_seconds \d{10}/);
    await replace('pause\netcd\n');
    await running.logged('repositories-loaded', 2);
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 307]);
  });

  test.each([
    ['is empty', ''],
    ['holds what is no name', 'etcd\nNot A Name\n'],
  ])('that %s is refused, and the last good one stays', async (_, text) => {
    await writeFile(names, 'pause\n');
    const running = await start(FILE);
    await replace(text);
    const [line] = await running.logged('repositories-refused');
    expect(line).toMatchObject({ level: 'warn', source: 'file', kept: 1 });
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 404]);
  });

  test('that goes away is remembered as it was', async () => {
    await writeFile(names, 'pause\n');
    const running = await start(FILE);
    await rm(names);
    await running.logged('repositories-refused');
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 404]);
  });

  test.each(['names.txt', 'no-such-folder/names.txt'])(
    '%s that never was lets every name through',
    async (file) => {
      const running = await start(`repositories: { file: ${file} }`);
      await running.logged('repositories-refused');
      expect(await statusOf(running, 'etcd')).toBe(307);
      expect(await metricsOf(running)).not.toMatch(/known_repositories(?:_\w+)? \d/);
    },
  );

  test('without which a test of the configuration fails is not taken over', async () => {
    await writeFile(names, 'pause\n');
    const tests = 'tests: [{ client: 192.0.2.1, path: /v2/pause/manifests/v1, expect: main }]';
    const running = await start(`${FILE}\n${tests}`);
    await replace('etcd\n');
    const [line] = await running.logged('repositories-refused');
    expect(line?.['problem']).toContain('a refusal, NAME_UNKNOWN');
    expect(await statusOf(running, 'pause')).toBe(307);
  });

  test('of another configuration is read by a reload, and that of a refused one is not', async () => {
    await writeFile(names, 'pause\n');
    await writeFile(join(folder, 'others.txt'), 'etcd\n');
    const running = await start(FILE);
    const tests = 'tests: [{ client: 192.0.2.1, path: /v2/pause/manifests/v1, expect: main }]';
    await write(`${FILE.replace('names', 'others')}\n${tests}`);
    await running.logged('config-refused');
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 404]);
    await write(FILE.replace('names', 'others'));
    await running.logged('config-reloaded');
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([404, 307]);
  });
});
