// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import {
  type RegistryFolder,
  registryFolder,
  temporaryFolder,
} from '../support/registry-folder.ts';
import { startFront, startRegistry } from '../support/running-command.ts';

/** What containerd adds when it asks a mirror, and whoever else follows it. */
const NAMESPACE = 'ns=registry.example.org';
/** What the folder has as the layer of its first platform. */
const LAYER = 'amd64';
const METHODS = ['GET', 'HEAD'] as const;

/** Every pull of the distribution API, by what is asked for. */
function pathsOf({ source, index, platforms }: RegistryFolder) {
  const blob = source.addBlob('text/plain', LAYER);
  return {
    check: '/v2/',
    'manifest by tag': '/v2/team/app/manifests/v1',
    'manifest by digest': `/v2/team/app/manifests/${platforms[0].digest}`,
    'manifest that is not there': '/v2/team/app/manifests/none',
    blob: `/v2/team/app/blobs/${blob.digest}`,
    'blob that is not there': `/v2/team/app/blobs/sha256:${'0'.repeat(64)}`,
    tags: '/v2/team/app/tags/list',
    'page of tags': '/v2/team/app/tags/list?n=1',
    referrers: `/v2/team/app/referrers/${index.digest}`,
  };
}

/** What an answer says, without what differs between any two of them. */
async function said(url: string, method: string) {
  const answer = await fetch(url, { method, redirect: 'manual' });
  const headers = Object.fromEntries(answer.headers);
  for (const name of ['date', 'server-timing', 'x-request-id', 'location']) delete headers[name];
  return { status: answer.status, headers, body: await answer.text() };
}

function named(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${NAMESPACE}`;
}

async function startServedFolder() {
  const content = await registryFolder();
  const registry = await startRegistry(['--directory', content.folder, '--port', '0']);
  onTestFinished(async () => void (await registry.stop()));
  return { paths: pathsOf(content), url: registry.url };
}

/** A front over a registry and a backend that has its blob. */
async function startSite(upstream = '', rule = '') {
  const { paths, url } = await startServedFolder();
  const backend = await startFakeUpstream(({ target }) =>
    paths.blob.endsWith(target.slice(target.lastIndexOf('/')))
      ? { headers: { 'content-length': String(LAYER.length) }, body: LAYER }
      : undefined,
  );
  onTestFinished(() => backend.stop());
  const file = join(await temporaryFolder(), 'archeion.yaml');
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "${url}"${upstream} }]
backends: [{ name: near, url: "${backend.url}" }]
routing: [{ blobs: [near]${rule} }]
`,
  );
  const front = await startFront(['--config', file]);
  onTestFinished(async () => void (await front.stop()));
  return { front: front.url, upstream: url, backend, paths };
}

async function locationOf(url: string): Promise<string | null> {
  return (await fetch(url, { redirect: 'manual' })).headers.get('location');
}

function queriesOf({ requests }: FakeUpstream): string[] {
  return requests.map(({ target }) => target).filter((target) => target.includes('?'));
}

/** Asks for everything with and without a namespace, and gives the statuses of what cannot be had or is elsewhere. */
async function compareAll(url: string, paths: ReturnType<typeof pathsOf>, method: string) {
  const unusual: Record<string, number> = {};
  for (const [asked, path] of Object.entries(paths)) {
    const usual = await said(url + path, method);
    expect({ asked, ...(await said(url + named(path), method)) }).toEqual({ asked, ...usual });
    if (usual.status !== 200) unusual[asked] = usual.status;
  }
  return unusual;
}

const MISSING = { 'manifest that is not there': 404, 'blob that is not there': 404 };
const ELSEWHERE = {
  'manifest by tag': 307,
  'manifest by digest': 307,
  'manifest that is not there': 307,
  blob: 307,
  'blob that is not there': 307,
};

describe('asked as a mirror of another registry, by ?ns=', () => {
  test.each(METHODS)('the registry answers a %s as it always does', async (method) => {
    const { paths, url } = await startServedFolder();
    expect(await compareAll(url, paths, method)).toEqual(MISSING);
  });

  test.each(METHODS)('the front answers a %s as it always does', async (method) => {
    const { paths, front } = await startSite();
    expect(await compareAll(front, paths, method)).toEqual(ELSEWHERE);
  });

  test.each(METHODS)(
    'a front that fetches for its clients answers a %s so, too',
    async (method) => {
      const { paths, front, backend } = await startSite(', deliver: proxy', ', deliver: proxy');
      expect(await compareAll(front, paths, method)).toEqual(MISSING);
      expect(queriesOf(backend)).toEqual([]);
    },
  );

  test('a redirect to a backend does not tell it, and neither does a probe', async () => {
    const { paths, front, backend } = await startSite();
    const [, digest = ''] = paths.blob.split('/blobs/');
    const place = `${backend.url}/containers/images/${digest}`;
    expect(await locationOf(front + named(paths.blob))).toBe(place);
    expect(backend.requests.length).toBeGreaterThan(0);
    expect(queriesOf(backend)).toEqual([]);
  });

  test('a redirect to the upstream says it, as it says whatever else was asked', async () => {
    const { paths, front, upstream } = await startSite();
    for (const path of [paths['manifest by tag'], paths['blob that is not there']]) {
      expect(await locationOf(front + named(path))).toBe(upstream + named(path));
    }
  });
});
