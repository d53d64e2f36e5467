// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import {
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const LIST = 'repositories: { list: [pause, "csi/*"] }';
const FILE = 'repositories: { file: names.txt }';

let folder = '';
let config = '';
let names = '';
let upstream: FakeUpstream;
/** What the upstream answers whatever it is asked. */
let catalog: FakeAnswer = {};
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-repositories-'));
  config = join(folder, 'archeion.yaml');
  names = join(folder, 'names.txt');
  catalog = json({ repositories: ['acme/pause', 'acme/etcd'] });
  upstream = await startFakeUpstream(() => catalog);
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
upstreams: [{ name: main, url: "${upstream.url}", repositoryPrefix: acme }]
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

function explained(path: string): Promise<string> {
  return printed('explain', path, '--client-address', '192.0.2.1', '--config', config);
}

async function printed(...line: readonly string[]): Promise<string> {
  let out = '';
  await dispatch(line, {
    out: (text) => (out += text),
    err: () => {},
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return out;
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

test('config diff says where clients go, whichever repositories there are', async () => {
  await write(LIST);
  const [after, clients] = [join(folder, 'after.yaml'), join(folder, 'clients.txt')];
  await writeFile(after, (await readFile(config, 'utf8')).replaceAll('near', 'far'));
  await writeFile(clients, '192.0.2.1\n');
  const moves = await printed('config', 'diff', config, after, '--addresses', clients);
  expect(moves).toMatch(/100.0 % +blobs +near -> far/);
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

describe('a catalogue', () => {
  const CATALOG = 'repositories: { catalog: { upstream: main }, refresh: 1s }';
  const catalogOf = (...names: readonly string[]) => json({ repositories: names });

  test('says which there are, without the prefix, as soon as it is read', async () => {
    const running = await start(CATALOG);
    await running.logged('repositories-loaded');
    expect(await statusOf(running, 'pauze')).toBe(404);
    expect([await statusOf(running, 'pause'), await statusOf(running, 'etcd')]).toEqual([307, 307]);
    const metrics = await metricsOf(running);
    expect(metrics).toContain('archeion_known_repositories 2');
    expect(metrics).toMatch(/archeion_known_repositories_refreshed_seconds \d{10}/);
  });

  test('lets a new repository through after the next look', async () => {
    const running = await start(CATALOG);
    await running.logged('repositories-loaded');
    expect(await statusOf(running, 'new')).toBe(404);
    catalog = catalogOf('acme/pause', 'acme/etcd', 'acme/new');
    const [, line] = await running.logged('repositories-loaded', 2);
    expect(line).toMatchObject({ source: 'catalog', entries: 3, added: 1, removed: 0, skipped: 0 });
    expect(await statusOf(running, 'new')).toBe(307);
  });

  test.each<[string, FakeAnswer]>([
    ['fails', { status: 403 }],
    ['is empty', catalogOf()],
    ['names nothing of ours', catalogOf('other/pause')],
    [
      'leads elsewhere',
      json({ repositories: ['acme/a'] }, { link: '</v2/a/tags/list>; rel=next' }),
    ],
  ])('that %s lets every name through until there was a good one', async (_, answer) => {
    const good = catalog;
    catalog = answer;
    const running = await start(CATALOG);
    await running.logged('repositories-refused');
    expect(await statusOf(running, 'any')).toBe(307);
    catalog = good;
    running.hangUp();
    await running.logged('repositories-loaded');
    expect(await statusOf(running, 'any')).toBe(404);
  });

  test('that fails or loses more than half later leaves the last good one in force', async () => {
    catalog = catalogOf('acme/pause', 'acme/etcd', 'acme/csi');
    const running = await start(CATALOG);
    await running.logged('repositories-loaded');
    catalog = catalogOf('acme/pause');
    running.hangUp();
    const [line] = await running.logged('repositories-refused');
    expect(line).toMatchObject({ level: 'warn', source: 'catalog', kept: 3 });
    catalog = { status: 403 };
    running.hangUp();
    await running.logged('repositories-refused', 2);
    expect([await statusOf(running, 'csi'), await statusOf(running, 'any')]).toEqual([307, 404]);
  });

  test('may lose more when the configuration says so', async () => {
    const running = await start(CATALOG.replace('main', 'main, mayShrinkBy: 1'));
    await running.logged('repositories-loaded');
    catalog = catalogOf('acme/other');
    running.hangUp();
    await running.logged('repositories-loaded', 2);
    expect([await statusOf(running, 'pause'), await statusOf(running, 'other')]).toEqual([
      404, 307,
    ]);
  });

  test('is read again at SIGHUP, whenever the next look is due', async () => {
    const running = await start(CATALOG.replace('1s', '1d'));
    await running.logged('repositories-loaded');
    catalog = catalogOf('acme/pause', 'acme/etcd', 'acme/new');
    running.hangUp();
    await running.logged('repositories-loaded', 2);
    expect(await statusOf(running, 'new')).toBe(307);
  });

  test('is not asked for any more after a reload without it', async () => {
    const running = await start(CATALOG);
    await running.logged('repositories-loaded');
    await write('');
    await running.logged('config-reloaded');
    expect(await statusOf(running, 'any')).toBe(307);
    expect(await metricsOf(running)).not.toMatch(/known_repositories(?:_\w+)? \d/);
    const asked = upstream.requests.length;
    await sleep(1_500);
    expect(upstream.requests.length).toBe(asked);
  });

  test('is asked for by explain, and not by a check', async () => {
    await write(CATALOG);
    expect(await printed('config', 'check', config)).toContain('ok');
    expect(upstream.requests).toEqual([]);
    expect(await explained('/v2/pauze/manifests/v1')).toMatch(/answer +404/);
    expect(await explained('/v2/pause/manifests/v1')).toMatch(/answer +307/);
  });
});
