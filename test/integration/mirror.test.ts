// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { silentLog } from '../../src/log.ts';
import type { Handler, HttpAnswer } from '../../src/protocol/http.ts';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import {
  type RegistryFolder,
  registryFolder,
  temporaryFolder,
} from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { runCommand } from '../support/run-command.ts';
import { startFront } from '../support/running-command.ts';
import { startTestServer, type TestServer } from '../support/start-server.ts';
import { keysIn } from '../support/storage-reading.ts';

/** Serves the files of a folder, as a web server does, and keeps what it was asked. */
async function serveFolder(folder: string): Promise<TestServer & { readonly asked: string[] }> {
  const asked: string[] = [];
  const server = await startTestServer(async ({ method, target }) => {
    asked.push(`${method} ${target}`);
    const bytes = await readFile(join(folder, target)).catch(() => undefined);
    return bytes === undefined
      ? { status: 404, headers: [], body: '' }
      : { status: 200, headers: ['ETag', `"${bytes.length}-${target}"`], body: bytes };
  });
  return { ...server, asked };
}

interface World {
  readonly registry: RegistryFolder;
  /** What the registry was asked, as `METHOD path`. */
  readonly asked: string[];
  readonly folder: string;
  readonly config: string;
  readonly backends: ReadonlyArray<TestServer & { readonly asked: string[] }>;
  /** Every request from then on is answered so. */
  answer: (handler: Handler) => Handler;
  run(...args: string[]): ReturnType<typeof runCommand>;
}

async function world(more: object = {}): Promise<World> {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const asked: string[] = [];
  const handler = pullHandler({ storage: registry.storage, log: silentLog });
  const server = await startTestServer((request) => {
    asked.push(`${request.method} ${request.target}`);
    return own.answer(handler)(request);
  });
  const names = ['dublin', 'paris'];
  const backends = await Promise.all(names.map((name) => serveFolder(join(folder, name))));
  const config = join(folder, 'mirror.yaml');
  const document = {
    source: { url: server.url, repositories: ['team/app', 'other'] },
    targets: names.map((name, place) => ({
      name,
      storage: { kind: 'filesystem', directory: name },
      publicUrl: backends[place]?.url,
    })),
    ...more,
  };
  await writeFile(config, stringify(document));
  const own: World = {
    registry,
    asked,
    folder,
    config,
    backends,
    answer: (usual) => usual,
    run: (...args) => runCommand(['mirror', ...args, '--config', config]),
  };
  return own;
}

/** Blobs and manifests of `registryFolder`, each once. */
const OBJECTS = 10;

describe('archeion mirror', () => {
  test('plans, and does nothing until it is told to', async () => {
    const { run, folder } = await world();
    const plan = await run('plan');
    expect(plan).toMatchObject({ exit: 3, err: '' });
    expect(plan.out).toMatch(
      /^source: 2 repositories, 10 objects, .*\nmissing at +blobs +manifests/,
    );
    expect(plan.out).toMatch(/\ndublin +6 +4 +\d/);
    const dry = await run('run');
    expect(dry).toMatchObject({ exit: 3, err: 'archeion: nothing was done: say --yes\n' });
    await expect(stat(join(folder, 'dublin'))).rejects.toThrow('ENOENT');
  });

  test('fills every target, and then has nothing to do', async () => {
    const { run, asked, backends } = await world();
    const done = await run('run', '--yes');
    expect(done).toMatchObject({ exit: 0, err: '' });
    expect(done.out).toMatch(/\nparis +10 +/);
    const blobs = asked.filter((line) => line.includes('/blobs/'));
    expect(new Set(blobs).size).toBe(blobs.length);
    expect(blobs).toHaveLength(6);
    asked.splice(0);
    const plan = await run('plan', '--json');
    expect(plan.exit).toBe(0);
    expect(JSON.parse(plan.out)).toMatchObject({
      repositories: 2,
      wanted: { objects: OBJECTS },
      targets: [{ name: 'dublin', missing: { blobs: 0, manifests: 0, bytes: 0 } }, {}],
      problems: [],
    });
    expect(asked.sort()).toEqual([
      'GET /v2/other/tags/list?n=1000',
      'GET /v2/team/app/tags/list?n=1000',
      'HEAD /v2/other/manifests/v1',
      'HEAD /v2/team/app/manifests/v1',
      'HEAD /v2/team/app/manifests/v2',
    ]);
    expect(backends[0]?.asked).toEqual([]);
  });

  test('asks for tags that never move but once', async () => {
    const { run, asked } = await world({ immutable: ['v*'] });
    await run('run', '--yes');
    asked.splice(0);
    await run('run', '--yes');
    expect(asked.sort()).toEqual([
      'GET /v2/other/tags/list?n=1000',
      'GET /v2/team/app/tags/list?n=1000',
    ]);
  });

  test('a front sends pulls to the targets, asks none of them, and needs no blob of the registry', async () => {
    const keys = generateKeyPairSync('ed25519');
    const key = join(await temporaryFolder(), 'key.pem');
    await writeFile(key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const own = await world({ index: { validFor: '1h', key } });
    const { registry, folder, backends, run } = own;
    expect((await run('run', '--yes')).exit).toBe(0);
    own.answer = (usual) => (request) =>
      request.target.includes('/blobs/') ? { status: 503, headers: [], body: '' } : usual(request);
    const publicKey = join(folder, 'key.pub.pem');
    await writeFile(publicKey, keys.publicKey.export({ type: 'spki', format: 'pem' }));
    const file = join(folder, 'archeion.yaml');
    const [dublin, paris] = backends;
    await writeFile(
      file,
      stringify({
        listen: { host: '127.0.0.1', port: 0 },
        admin: { port: 0 },
        upstreams: [{ name: 'main', url: 'https://main.example' }],
        backends: [
          { name: 'dublin', url: dublin?.url, index: true, ownership: { publicKey } },
          { name: 'paris', url: paris?.url, index: true, ownership: { publicKey } },
        ],
        routing: [{ blobs: ['dublin', 'paris'] }],
      }),
    );
    const front = await startFront(['--config', file]);
    onTestFinished(async () => void (await front.stop()));
    await front.logged('digest-index-loaded', 2);
    const blobs = (await keysIn(registry.storage, 'blobs/')).map((blobKey) => blobKey.slice(-64));
    expect(blobs.length).toBeGreaterThanOrEqual(6);
    for (const hex of blobs) {
      const answer = await fetch(`${front.url}/v2/team/app/blobs/sha256:${hex}`);
      expect(answer.status).toBe(200);
      expect(answer.url).toBe(`${dublin?.url}/containers/images/sha256:${hex}`);
    }
    expect(dublin?.asked.filter((line) => line.startsWith('HEAD'))).toEqual([]);
  });

  test('of our own registry it gets the repositories that its patterns mean', async () => {
    const { run, config, asked } = await world();
    const document = parse(await readFile(config, 'utf8'));
    document.source.repositories = ['team/**'];
    await writeFile(config, stringify(document));
    const done = await run('run', '--yes', '--json');
    expect(done).toMatchObject({ exit: 0, err: expect.any(String) });
    expect(JSON.parse(done.out)).toMatchObject({ repositories: 1, problems: [] });
    expect(asked).toContain('GET /v2/_catalog?n=1000');
    expect(asked.filter((line) => line.includes('/v2/other/'))).toEqual([]);
  });

  test('brings what is new, and says what it could not bring', async () => {
    const own = await world();
    const { registry, run } = own;
    await run('run', '--yes');
    registry.source.tag('new', addImage(registry.source, 'new').digest);
    const { source, storage } = registry;
    const about = { source, storage, repository: 'team/app', reference: 'new', tag: 'new' };
    await importImage(about);
    own.answer = (usual) => (request) =>
      request.method === 'GET' && request.target.includes('/blobs/')
        ? { status: 404, headers: [], body: '' }
        : usual(request);
    const partly = await run('run', '--yes');
    expect(partly.exit).toBe(5);
    expect(partly.err).toContain('dublin: blob sha256:');
    expect(partly.err).toContain('lacks it');
    own.answer = (usual) => usual;
    expect(await run('run', '--yes')).toMatchObject({ exit: 0, err: '' });
    expect((await run('plan')).exit).toBe(0);
  });

  test('the registry is cut off at every request, and the next run ends it', async () => {
    const own = await world();
    let [cut, isOver] = [0, false];
    for (; !isOver; cut += 1) {
      let count = 0;
      own.answer = (usual) => (request) => {
        count += 1;
        return count > cut ? { status: 404, headers: [], body: '' } : usual(request);
      };
      const { exit } = await own.run('run', '--yes');
      isOver = exit === 0;
      expect([0, 5]).toContain(exit);
    }
    own.answer = (usual) => usual;
    expect((await own.run('plan')).exit).toBe(0);
    expect(cut).toBeGreaterThan(4);
  });
});

async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half of');
  throw new Error('the disk of the registry broke');
}

describe('a registry that is not well', () => {
  test.each<[string, () => HttpAnswer]>([
    ['429', () => ({ status: 429, headers: ['Retry-After', '1'], body: '' })],
    ['503', () => ({ status: 503, headers: [], body: '' })],
    ['other bytes', () => ({ status: 200, headers: [], body: 'other bytes' })],
    [
      'an end half way',
      () => ({ status: 200, headers: ['Content-Length', '70'], body: brokenOff() }),
    ],
  ])('gives %s for every blob at first, and is asked again', async (_, answer) => {
    const own = await world();
    const refused = new Set<string>();
    own.answer = (usual) => (request) => {
      const isFirst = request.target.includes('/blobs/') && !refused.has(request.target);
      refused.add(request.target);
      return isFirst ? answer() : usual(request);
    };
    expect(await own.run('run', '--yes')).toMatchObject({ exit: 0, err: '' });
    expect((await own.run('plan')).exit).toBe(0);
  });

  test('threat 5: leads to a host within, and is not followed; the rest is copied', async () => {
    const within = await startTestServer(() => ({ status: 200, headers: [], body: 'secret' }));
    const own = await world();
    let first: string | undefined;
    own.answer = (usual) => (request) => {
      if (!request.target.includes('/blobs/')) return usual(request);
      first ??= request.target;
      if (request.target !== first) return usual(request);
      return { status: 307, headers: ['Location', `${within.url}/x`], body: '' };
    };
    const { exit, err } = await own.run('run', '--yes');
    expect(exit).toBe(5);
    expect(err.split('\n').filter(Boolean)).toHaveLength(2);
    expect(err).toContain(`dublin: blob ${first?.split('/').at(-1)} of`);
    expect(within.lines.filter((line) => line.includes('/x'))).toEqual([]);
    expect(await readdir(join(own.folder, 'dublin/containers/images'))).toHaveLength(OBJECTS - 1);
  });
});

test('patterns of repositories and tags, and what is taken from them, over lists in many pages', async () => {
  const own = await world();
  const { registry, config, run, asked } = own;
  const { source, storage } = registry;
  const add = (repository: string, tag: string, content: string) => {
    source.tag(content, addImage(source, content).digest);
    return importImage({ source, storage, repository, tag, reference: content });
  };
  for (const tag of ['a1', 'b1', 'v3', 'v4-rc1', 'z9']) await add('team/app', tag, `app ${tag}`);
  await add('team/tmp-1', 'v1', 'temporary');
  await add('elsewhere', 'v1', 'of somebody else');
  const repositories = ['team/**:v*', '!team/tmp-*', '!**:*-rc*', 'team/app:z*'];
  const document = parse(await readFile(config, 'utf8'));
  document.source.repositories = repositories;
  await writeFile(config, stringify(document));
  const catalogue = JSON.stringify({ repositories: ['team/app', 'team/tmp-1', 'elsewhere'] });
  // As a registry that gives two tags at once, however many it is asked for.
  own.answer = (usual) => (request) => {
    if (request.target.startsWith('/v2/_catalog'))
      return { status: 200, headers: [], body: catalogue };
    const target = request.target.replace('n=1000', 'n=2');
    return usual({ ...request, target, header: (name) => request.header(name) });
  };
  const { exit, err, out } = await run('run', '--yes', '--json');
  expect([exit, err]).toEqual([0, '']);
  // What `registryFolder` has at v1 and v2, and v3 and z9 of three objects each.
  expect(JSON.parse(out)).toMatchObject({ repositories: 1, wanted: { objects: OBJECTS + 3 + 3 } });
  expect(asked.filter((line) => line.includes('team/app/tags/list'))).toHaveLength(4);
  expect(asked.filter((line) => /tmp-1|elsewhere/.test(line))).toEqual([]);
});

test('our own registry is read from its store, by what its log says is new', async () => {
  const { folder: directory, source, storage } = await registryFolder();
  const folder = await temporaryFolder();
  const config = join(folder, 'mirror.yaml');
  const run = async (...args: string[]) => {
    const { out, ...rest } = await runCommand(['mirror', ...args, '--json', '--config', config]);
    return { ...rest, ...JSON.parse(out) };
  };
  const document = (repositories: readonly string[]) =>
    stringify({
      source: { registry: { storage: { kind: 'filesystem', directory } }, repositories },
      targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'served' } }],
    });
  await writeFile(config, document(['team/**']));
  const add = async (content: string) => {
    source.tag(content, addImage(source, content).digest);
    const about = { source, storage, repository: 'team/app', reference: content, tag: content };
    const log = openEventLog(storage);
    await importImage({ ...about, tell: () => log.tell({ repository: 'team/app', by: 'me' }) });
  };
  await add('first');
  expect(await run('run', '--yes')).toMatchObject({ exit: 0, isPartial: false, problems: [] });
  await add('second');
  const missing = [{ missing: { blobs: 2, manifests: 1 } }];
  expect(await run('plan')).toMatchObject({ exit: 3, isPartial: true, targets: missing });
  const added = { exit: 0, isPartial: true, repositories: 1, targets: missing };
  expect(await run('run', '--yes')).toMatchObject(added);
  expect(await run('plan')).toMatchObject({ exit: 0, isPartial: true, repositories: 0 });
  await writeFile(config, document(['**']));
  expect(await run('run', '--yes')).toMatchObject({ exit: 0, isPartial: false, repositories: 2 });
  await writeFile(config, document(['**']).replace(directory, 'nothing'));
  await expect(runCommand(['mirror', 'plan', '--config', config])).resolves.toMatchObject({
    exit: 2,
    err: expect.stringContaining('holds no registry'),
  });
});

test('the folder of an image layout is mirrored as a whole, with what has no tag', async () => {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const layout = join(folder, 'layout');
  const exported = ['registry', 'export', 'team/app:v1', layout, '--directory', registry.folder];
  expect(await runCommand(exported)).toMatchObject({ exit: 0 });
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  for (const entry of index.manifests) delete entry.annotations;
  await writeFile(join(layout, 'index.json'), JSON.stringify(index));
  const config = join(folder, 'mirror.yaml');
  const storageOf = { kind: 'filesystem', directory: 'served' };
  const targets = [{ name: 'dublin', storage: storageOf, publicUrl: 'https://dublin.example' }];
  await writeFile(config, stringify({ source: { layout: 'layout' }, targets }));
  const run = (...args: string[]) => runCommand(['mirror', ...args, '--config', config]);
  expect(await run('run', '--yes')).toMatchObject({ exit: 0, err: '' });
  const served = await readdir(join(folder, 'served/containers/images'));
  const files = await readdir(join(layout, 'blobs/sha256'));
  expect(served.sort()).toEqual(files.map((file) => `sha256:${file}`).sort());
  expect((await run('plan')).exit).toBe(0);
});

test('threat 35: what leads out of a layout is not read, and the rest is mirrored', async () => {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const layout = join(folder, 'layout');
  const exported = ['registry', 'export', 'team/app:v1', layout, '--directory', registry.folder];
  expect(await runCommand(exported)).toMatchObject({ exit: 0 });
  const layer = digestOf('amd64');
  const path = join(layout, 'blobs/sha256', layer.slice('sha256:'.length));
  await rename(path, join(folder, 'secret'));
  await symlink(join(folder, 'secret'), path);
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  const way = { ...index.manifests[0], digest: 'sha256:../../../secret', annotations: undefined };
  const config = join(folder, 'mirror.yaml');
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'served' } }];
  await writeFile(config, stringify({ source: { layout: 'layout' }, targets }));
  const run = () => runCommand(['mirror', 'run', '--yes', '--config', config]);
  const { exit, err } = await run();
  expect(exit).toBe(5);
  expect(err.split('\n').filter(Boolean)).toEqual([
    expect.stringContaining(`dublin: blob ${layer} of layout: `),
  ]);
  const files = await readdir(join(layout, 'blobs/sha256'));
  const served = await readdir(join(folder, 'served/containers/images'));
  expect(served).not.toContain(layer);
  expect(served).toHaveLength(files.length - 1);
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ ...index, manifests: [...index.manifests, way] }),
  );
  expect((await run()).exit).not.toBe(0);
  expect((await readdir(join(folder, 'served'))).sort()).toEqual([
    '.tmp',
    'archeion',
    'containers',
  ]);
});

test.each([
  [['plan'], 'name a configuration: --config FILE'],
  [['run', '--config', '/nowhere/mirror.yaml'], 'cannot be read'],
])('archeion mirror %s is refused', async (args, problem) => {
  const { exit, err } = await runCommand(['mirror', ...args]);
  expect(exit).toBe(2);
  expect(err).toContain(problem);
});
