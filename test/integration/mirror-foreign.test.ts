// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { parseSelections } from '../../src/core/mirroring/selection.ts';
import { mirroredRegistry } from '../../src/mirror/mirror-source.ts';
import { plainFolder } from '../../src/storage/plain-folder.ts';
import { openForeignHosts } from '../../src/upstream/foreign-hosts.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import {
  type CapturedRequest,
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { type Content, descriptorOf, sha256Of, someManifest } from '../support/image-documents.ts';
import { heldIn, requireTrue, runMirror } from '../support/mirror-bench.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { BASIC } from '../support/upstream-bench.ts';

const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
const LAYER: Content = layerOf('w'.repeat(100_000));

function layerOf(text: string): Content {
  return { bytes: Buffer.from(text), digest: sha256Of(text), mediaType: FOREIGN };
}

interface ForeignHost {
  readonly url: string;
  readonly host: string;
  /** The path of each request, and all of its headers. */
  readonly asked: ReadonlyArray<{ readonly path: string; readonly headers: IncomingHttpHeaders }>;
}

type Respond = (path: string, response: ServerResponse) => void;

const giving =
  ({ bytes }: Content): Respond =>
  (_, response) =>
    void response.end(bytes);

const redirecting =
  (location: string): Respond =>
  (_, response) =>
    void response.writeHead(302, { location }).end();

const notFound: Respond = (_, response) => void response.writeHead(404).end();

/** A host that layers are said to be at. It asks to be told who asks, and sets a cookie. */
async function foreignHost(respond: Respond): Promise<ForeignHost> {
  const asked: Array<ForeignHost['asked'][number]> = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ path: url, headers });
    response.setHeader('set-cookie', 'who=robot');
    respond(url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked };
}

interface World {
  readonly registry: FakeUpstream;
  /** Where the target keeps blobs. */
  readonly images: string;
  /** What the registry has besides the image. */
  readonly blobs: Map<string, Content>;
  /** What is said of the source besides who asks it. */
  mirror(
    command: readonly string[],
    source?: object,
  ): Promise<Awaited<ReturnType<typeof runCommand>> & { readonly held: readonly string[] }>;
}

/** A registry that wants a password, and has `windows:v1`, whose layers are said to be at some URLs. */
async function worldOf(
  ...layers: ReadonlyArray<readonly [Content, readonly string[]]>
): Promise<World> {
  const config: Content = { ...layerOf('{}'), mediaType: 'application/x' };
  const image = someManifest({
    config: descriptorOf(config),
    layers: layers.map(([layer, urls]) => ({ ...descriptorOf(layer), urls })),
  });
  const blobs = new Map([[String(config.digest), config]]);
  const registry = await startFakeUpstream((request) => answerOf(request, image, blobs));
  onTestFinished(registry.stop);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'password'), 'hunter2');
  await mkdir(join(folder, 'dublin'));
  const dublin = plainFolder(join(folder, 'dublin'));
  return {
    registry,
    images: join(folder, 'dublin/containers/images'),
    blobs,
    async mirror(command, source = {}) {
      const document = {
        source: {
          url: registry.url,
          repositories: ['windows'],
          credentials: { username: 'robot', passwordFile: join(folder, 'password') },
          ...source,
        },
        targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }],
        immutable: ['*'],
      };
      const path = join(folder, 'mirror.yaml');
      await writeFile(path, stringify(document));
      const result = await runCommand(['mirror', ...command, '--config', path]);
      await requireTrue(dublin);
      return { ...result, held: await heldIn(dublin) };
    },
  };
}

function answerOf(
  { target, authorization }: CapturedRequest,
  image: Content,
  blobs: ReadonlyMap<string, Content>,
): FakeAnswer | undefined {
  const challenge = { 'www-authenticate': 'Basic realm="x"' };
  if (authorization !== BASIC) return { status: 401, headers: challenge };
  if (target.startsWith('/v2/windows/tags/')) return json({ name: 'windows', tags: ['v1'] });
  if (target.startsWith('/v2/windows/manifests/')) {
    return { headers: { 'content-type': image.mediaType }, body: image.bytes };
  }
  const blob = blobs.get(target.replace('/v2/windows/blobs/', ''));
  return blob && { body: blob.bytes };
}

const RUN = ['run', '--yes'];

/** Layers may come from there. */
function allowing(...hosts: readonly ForeignHost[]) {
  const names = hosts.map(({ host }) => host);
  return { foreignLayers: names, privateHosts: names };
}

test('threat 6: a host that is listed gives layers, and is told nothing of who asks', async () => {
  const answers = new Map([
    ['/layer?sig=1', redirecting('/moved')],
    ['/moved', giving(LAYER)],
  ]);
  const first = await foreignHost((path, response) =>
    (answers.get(path) ?? notFound)(path, response),
  );
  const world = await worldOf([LAYER, [`${first.url}/gone`, `${first.url}/layer?sig=1`]]);
  const { exit, err, out, held } = await world.mirror(RUN, allowing(first));
  expect([exit, err]).toEqual([0, '']);
  expect(out).not.toContain('elsewhere');
  expect(held).toContain(LAYER.digest);
  expect(first.asked.map(({ path }) => path)).toEqual(['/gone', '/layer?sig=1', '/moved']);
  for (const { headers } of first.asked) {
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  }
  expect(world.registry.requests.some(({ authorization }) => authorization === BASIC)).toBe(true);
});

test('threat 6: a host that asks for credentials gets none', async () => {
  const host = await foreignHost((_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  const world = await worldOf([LAYER, [`${host.url}/layer`]]);
  const { exit, err } = await world.mirror(RUN, allowing(host));
  expect([exit, err]).toEqual([5, expect.stringContaining('answered 401')]);
  expect(host.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('threat 6: a host that is not listed is not asked, and its layers are counted', async () => {
  const [listed, other] = [await foreignHost(giving(LAYER)), await foreignHost(giving(LAYER))];
  const userInUrl = other.url.replace('//', `//${listed.host}@`);
  const world = await worldOf([LAYER, [`${other.url}/layer`, userInUrl]]);
  const { exit, out, held } = await world.mirror(RUN, allowing(listed));
  expect([exit, out]).toEqual([
    0,
    expect.stringContaining('1 layers are to be had from elsewhere'),
  ]);
  expect(held).not.toContain(LAYER.digest);
  expect([...listed.asked, ...other.asked]).toEqual([]);
  expect(world.registry.requests.map(({ target }) => target)).not.toContain(
    `/v2/windows/blobs/${LAYER.digest}`,
  );
});

test('threat 6: a redirect from a listed host to one that is not is not followed', async () => {
  const other = await foreignHost(giving(LAYER));
  const listed = await foreignHost(redirecting(`${other.url}/layer`));
  const world = await worldOf([LAYER, [`${listed.url}/layer`]]);
  const privateHosts = [listed.host, other.host];
  const { exit, err, held } = await world.mirror(RUN, { ...allowing(listed), privateHosts });
  expect([exit, err]).toEqual([5, expect.stringContaining('refused to follow')]);
  expect(held).not.toContain(LAYER.digest);
  expect(other.asked).toEqual([]);
});

test('threat 6: a listed host with a private address is not asked unless that is allowed, too', async () => {
  const host = await foreignHost(giving(LAYER));
  const world = await worldOf([LAYER, [`${host.url}/layer`]]);
  const { exit, err } = await world.mirror(RUN, { foreignLayers: [host.host] });
  expect([exit, err]).toEqual([5, expect.stringContaining('is no public address')]);
  expect(host.asked).toEqual([]);
});

/** One run into a folder, without waiting before what failed is tried again. */
async function runAtOnce({ registry }: World, ...hosts: readonly ForeignHost[]) {
  const names = hosts.map(({ host }) => host);
  const limits = { backoff: 1, retries: 1 };
  const foreign = openForeignHosts({ hosts: names, privateHosts: names, perHost: 4, limits });
  const credentials = async () => ({ username: 'robot', password: 'hunter2' });
  const client = openUpstream({ origin: registry.url, credentials });
  const dublin = plainFolder(await temporaryFolder());
  const selections = parseSelections(['windows']);
  const { problems } = await runMirror({
    source: mirroredRegistry(client),
    stores: { dublin },
    options: { foreign, selections },
  });
  await Promise.all([client.close(), foreign.close()]);
  await requireTrue(dublin);
  return { problems, held: await heldIn(dublin) };
}

test.each([
  ['other bytes', layerOf('v'.repeat(100_000))],
  ['more bytes', layerOf('w'.repeat(100_001))],
  ['fewer bytes', layerOf('w'.repeat(99_999))],
])('threat 6: %s are on no target, and the next URL is asked', async (_, wrong) => {
  const [bad, good] = [await foreignHost(giving(wrong)), await foreignHost(giving(LAYER))];
  const failed = await runAtOnce(await worldOf([LAYER, [`${bad.url}/layer`]]), bad);
  expect(failed.problems).toEqual([expect.stringMatching(`dublin: blob ${LAYER.digest} .* gave`)]);
  expect(failed.held).not.toContain(LAYER.digest);
  const world = await worldOf([LAYER, [`${bad.url}/layer`, `${good.url}/layer`]]);
  const { problems, held } = await runAtOnce(world, bad, good);
  expect(problems).toEqual([]);
  expect(held).toContain(LAYER.digest);
  expect(good.asked).toHaveLength(1);
});

test('hosts that do not answer are given up, and the source is not', async () => {
  const silent: Respond = (_, response) => void response.writeHead(503).end();
  const [one, other] = [await foreignHost(silent), await foreignHost(silent)];
  const layers = Array.from({ length: 140 }, (_, place) => layerOf(`layer ${place}`));
  const urlOf = (place: number) => `${(place % 2 === 0 ? one : other).url}/${place}`;
  const world = await worldOf(...layers.map((layer, place) => [layer, [urlOf(place)]] as const));
  const { problems, held } = await runAtOnce(world, one, other);
  expect(problems).toHaveLength(layers.length);
  expect(problems).toContainEqual(expect.stringContaining('it was silent too often'));
  expect(held).toHaveLength(2);
});

test('the registry is asked first, and nobody else when it has the layer', async () => {
  const host = await foreignHost(giving(LAYER));
  const world = await worldOf([LAYER, [`${host.url}/layer`]]);
  world.blobs.set(LAYER.digest, LAYER);
  const { exit, held } = await world.mirror(RUN, allowing(host));
  expect(exit).toBe(0);
  expect(held).toContain(LAYER.digest);
  expect(host.asked).toEqual([]);
});

test('a list that is changed counts at once, for what is known, too; a run with nothing new asks nobody', async () => {
  const host = await foreignHost(giving(LAYER));
  const world = await worldOf([LAYER, [`${host.url}/layer`]]);
  const digest = LAYER.digest;
  expect((await world.mirror(RUN)).held).not.toContain(digest);
  const manifests = () =>
    world.registry.requests.filter(({ target }) => target.includes('/manifests/')).length;
  const read = manifests();
  expect((await world.mirror(['plan'], allowing(host))).exit).toBe(3);
  expect((await world.mirror(RUN, allowing(host))).held).toContain(digest);
  expect((await world.mirror(RUN, allowing(host))).exit).toBe(0);
  expect([manifests(), host.asked.length]).toEqual([read, 1]);
  const verify = ['verify', '--json'];
  expect((await world.mirror(verify, allowing(host))).exit).toBe(0);
  const without = await world.mirror(verify);
  expect([without.exit, without.out]).toEqual([3, expect.stringContaining('unreferenced')]);
});

test('a repair copies a layer again from where it came', async () => {
  const host = await foreignHost(giving(LAYER));
  const world = await worldOf([LAYER, [`${host.url}/layer`]]);
  await world.mirror(RUN, allowing(host));
  await writeFile(join(world.images, LAYER.digest), 'v'.repeat(100_000));
  const repair = ['verify', '--repair', '--yes'];
  expect(await world.mirror(repair, allowing(host))).toMatchObject({ exit: 0, err: '' });
  expect(await readFile(join(world.images, LAYER.digest))).toEqual(LAYER.bytes);
  expect(host.asked).toHaveLength(2);
});
