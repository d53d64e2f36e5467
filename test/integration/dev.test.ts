// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { imageOf } from '../support/registry-pushes.ts';
import { type RunningCommand, startCommand } from '../support/running-command.ts';

let folder = '';
let dev: RunningCommand;
let front = '';
let registry = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-dev-'));
  dev = startCommand(['dev', '--port-base', '0', '--data', folder]);
  await vi.waitFor(() => expect(dev.printed()).toContain('is ready'), { timeout: 15_000 });
  front = addressOf('front');
  registry = addressOf('registry');
});
afterAll(async () => {
  expect(await dev.stop()).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

function addressOf(service: string): string {
  return new RegExp(`${service} +(http://\\S+)`).exec(dev.printed())?.[1] ?? '';
}

async function run(...line: string[]) {
  const said = { out: '', err: '' };
  const exit = await dispatch(line, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return { exit, ...said };
}

const LAYER = /blobs\/(sha256:[0-9a-f]{64})/;

async function locationFor(client: Record<string, string>): Promise<string> {
  const layer = LAYER.exec(dev.printed())?.[1];
  const answer = await fetch(`${front}/v2/sample/blobs/${layer}`, {
    headers: client,
    redirect: 'manual',
  });
  expect(answer.status).toBe(307);
  return answer.headers.get('location') ?? '';
}

interface Document {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

/** Pulls as a client would, following redirects, and compares every digest. Returns how much it pulled. */
async function pull(repository: string, reference: string, client = {}): Promise<number> {
  const answer = await fetch(`${front}/v2/${repository}/manifests/${reference}`, {
    headers: client,
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(
    answer.headers.get('docker-content-digest'),
  );
  const document: Document = JSON.parse(new TextDecoder().decode(bytes));
  const blobs = [document.config, ...(document.layers ?? [])].flatMap((one) => one?.digest ?? []);
  for (const digest of blobs) {
    const blob = await fetch(`${front}/v2/${repository}/blobs/${digest}`, { headers: client });
    const hash = createHash('sha256').update(new Uint8Array(await blob.arrayBuffer()));
    expect(`sha256:${hash.digest('hex')}`).toBe(digest);
  }
  let pulled = 1 + blobs.length;
  for (const { digest } of document.manifests ?? [])
    pulled += await pull(repository, digest, client);
  return pulled;
}

describe('archeion dev', () => {
  test('sends each client to the copy near it', async () => {
    const [ireland, iowa, nobody] = [
      await locationFor({ 'x-forwarded-for': '192.0.2.7' }),
      await locationFor({ 'x-forwarded-for': '198.51.100.7' }),
      await locationFor({}),
    ];
    expect(new Set([ireland, iowa, nobody].map((url) => new URL(url).port)).size).toBe(3);
    expect(nobody.startsWith(registry)).toBe(true);
  });

  test.each([{}, { 'x-forwarded-for': '192.0.2.7' }, { 'x-forwarded-for': '2001:db8:2::7' }])(
    'the whole sample is pulled through the front, and every digest agrees: %j',
    async (client) => {
      // An index, and for two platforms a manifest, a configuration and three layers.
      expect(await pull('sample', 'v1', client)).toBe(11);
    },
  );

  test('the sample has a referrer, found under the name of the front', async () => {
    const head = await fetch(`${front}/v2/sample/manifests/v1`, { method: 'HEAD' });
    const digest = head.headers.get('docker-content-digest');
    const answer = await fetch(`${front}/v2/sample/referrers/${digest}`, { redirect: 'manual' });
    expect(answer.status).toBe(200);
    const index = (await answer.json()) as Document;
    expect(index.manifests).toHaveLength(1);
  });

  test('what is pushed to the registry is pulled through the front', async () => {
    const push = async (method: string, url: string, body: string) => {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const answer = await fetch(url, { method, body, headers: { 'content-type': mediaType } });
      expect(answer.status).toBe(201);
    };
    for (const content of ['layer', '{}']) {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      await push('POST', `${registry}/v2/mine/blobs/uploads/?digest=${digest}`, content);
    }
    await push('PUT', `${registry}/v2/mine/manifests/v1`, imageOf('layer'));
    const ireland = { 'x-forwarded-for': '192.0.2.7' };
    const blob = `${front}/v2/mine/blobs/sha256:${createHash('sha256').update('layer').digest('hex')}`;
    const routeOf = async () => {
      const answer = await fetch(blob, { headers: ireland, redirect: 'manual' });
      return answer.headers.get('x-archeion-route');
    };
    await dev.logged('digest-index-loaded', 4);
    expect(await routeOf()).toContain('dublin; reason=held');
    // By the index that the mirror has published: no backend was asked.
    const probes = (await dev.logged('request')).filter(({ method, path }) => {
      return method === 'HEAD' && blob.endsWith(String(path).split('/').at(-1) ?? '');
    });
    expect(probes).toEqual([]);
    expect(await pull('mine', 'v1')).toBe(3);
    expect(await pull('mine', 'v1', { 'x-forwarded-for': '192.0.2.7' })).toBe(3);
  });

  test('refuses to start twice on the same data', async () => {
    const { exit, err } = await run('dev', '--port-base', '0', '--data', folder);
    expect(exit).toBe(2);
    expect(err).toContain('is in use');
  });

  test('says which address is taken', async () => {
    const other = await mkdtemp(join(tmpdir(), 'archeion-dev-'));
    const { exit, err } = await run('dev', '--port-base', new URL(registry).port, '--data', other);
    expect(exit).toBe(1);
    expect(err).toContain('cannot listen on');
    await rm(other, { recursive: true, force: true });
  });
});

describe('archeion registry import', () => {
  test('copies from another registry into a running one, and again copies nothing', async () => {
    const source = `docker://${new URL(registry).host}/sample:v1`;
    const storage = join(folder, 'registry');
    const first = await run(
      'registry',
      'import',
      source,
      'copies/sample:v2',
      '--directory',
      storage,
    );
    expect(first).toMatchObject({
      exit: 0,
      out: expect.stringContaining('copies/sample:v2 is sha256:'),
    });
    expect(await pull('copies/sample', 'v2')).toBe(11);
    const again = await run(
      'registry',
      'import',
      source,
      'copies/sample:v2',
      '--directory',
      storage,
      '--json',
    );
    expect(JSON.parse(again.out)).toMatchObject({ blobs: 0, bytes: 0 });
  });

  test.each([
    ['docker://127.0.0.1:1/sample:v1', 'unreachable'],
    ['docker://UPPER/x', 'no image'],
    ['./no-such-layout', 'no-such-layout'],
  ])('%s cannot be read, and says why', async (source, why) => {
    const { exit, err } = await run('registry', 'import', source, 'a:v1', '--directory', folder);
    expect(exit).not.toBe(0);
    expect(err.toLowerCase()).toContain(why);
  });
});
