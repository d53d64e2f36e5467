// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopAllProcesses } from '../support/processes.ts';
import { type Access, blobsServed, manifestsServed } from './access-log.ts';
import { startBackend } from './backends.ts';
import { type Containerd, skopeoCopy, startContainerd } from './clients.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { type Front, startFront } from './front.ts';
import { type NginxServer, startEntrance } from './nginx.ts';
import {
  blobFile,
  buildSampleImage,
  digestOf,
  digestsIn,
  type SampleImage,
} from './sample-image.ts';

const CLIENTS = { aws: '192.0.2.7', google: '198.51.100.7', unknown: '203.0.113.7' };
const SERVED_BY = [
  { client: 'aws', server: 'dublin' },
  { client: 'google', server: 'iowa' },
  { client: 'unknown', server: 'upstream' },
] as const;

interface Site {
  readonly image: SampleImage;
  readonly upstream: DockerRegistry;
  readonly dublin: NginxServer;
  readonly iowa: NginxServer;
  readonly front: Front;
  readonly entrances: Readonly<Record<keyof typeof CLIENTS, NginxServer>>;
  readonly containerd: Containerd;
}

let folder: string;
let site: Site;
/** What belongs to the multi-platform image: manifests, configs and layers; and of these the blobs. */
let wanted: readonly string[];
let blobs: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-pull-'));
  site = await startSite();
  const original = await skopeoCopy(upstreamReference(), join(folder, 'original'));
  expect(original).toMatchObject({ code: 0 });
  wanted = await digestsIn(join(folder, 'original'));
  const { indexDigest, platformDigests } = site.image;
  blobs = wanted.filter((digest) => ![indexDigest, ...platformDigests].includes(digest));
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

test('the image has two platforms, and a layer that both share', () => {
  expect(site.image.platformDigests).toHaveLength(2);
  expect(blobs).toHaveLength(6);
});

describe.each(SERVED_BY)('for a client of $client', ({ client, server }) => {
  test.each(['skopeo', 'containerd'] as const)(
    `%s pulls the same digests: blobs from ${server}, manifests from the upstream`,
    async (program) => {
      const before = await accessLogs();
      expect(await PULL[program](client)).toEqual(wanted);
      const { sentBlobs, sentManifests } = sentBetween(before, await accessLogs());
      expect(sentBlobs).toEqual({ upstream: [], dublin: [], iowa: [], [server]: blobs });
      const { platformDigests } = site.image;
      expect(sentManifests.upstream).toEqual(expect.arrayContaining([...platformDigests]));
      expect([...sentManifests.dublin, ...sentManifests.iowa]).toEqual([]);
    },
  );

  test('the signature is found by its tag', async () => {
    const { layout, signatureTag } = site.image;
    const reference = `${site.entrances[client].host}/tools/sample:${signatureTag}`;
    const copy = join(folder, `signature-${client}`);
    expect(await skopeoCopy(reference, copy)).toMatchObject({ code: 0 });
    for (const digest of await digestsIn(copy)) {
      expect(digestOf(await readFile(blobFile(layout, digest)))).toBe(digest);
    }
  });

  test('a client that knows no referrers API finds them by the fallback tag', async () => {
    const { referrersTag, referrersFile, referrerDigest } = site.image;
    const { url } = site.entrances[client];
    const index = await fetch(`${url}/v2/tools/sample/manifests/${referrersTag}`, ACCEPT_INDEX);
    expect(await index.text()).toBe(await readFile(referrersFile, 'utf8'));
    const referrer = await fetch(`${url}/v2/tools/sample/manifests/${referrerDigest}`, ACCEPT);
    expect(digestOf(await referrer.text())).toBe(referrerDigest);
  });

  test('an upstream without the referrers API answers 404 through the front too', async () => {
    const { url } = site.entrances[client];
    const answer = await fetch(`${url}/v2/tools/sample/referrers/${site.image.indexDigest}`);
    expect(answer.status).toBe(404);
  });
});

test('no log line of the front tells a client address', () => {
  expect(site.front.log()).not.toMatch(/192\.0\.2\.|198\.51\.100\.|203\.0\.113\./);
});

test('the front ends with exit code 0 when it is told to stop', async () => {
  expect(await site.front.stop()).toBe(0);
});

/** Pulls as the client by a program, and gives the digests that arrived. */
const PULL = {
  skopeo: async (client: keyof typeof CLIENTS) => {
    const layout = join(folder, `skopeo-${client}`);
    expect(await skopeoCopy(publicReference(client), layout)).toMatchObject({ code: 0 });
    return digestsIn(layout);
  },
  containerd: async (client: keyof typeof CLIENTS) => {
    expect(await site.containerd.fetch(client, publicReference(client))).toMatchObject({ code: 0 });
    return site.containerd.digests(client);
  },
};

const ACCEPT_INDEX = { headers: { accept: 'application/vnd.oci.image.index.v1+json' } };
const ACCEPT = { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } };

async function startSite(): Promise<Site> {
  const image = await buildSampleImage(join(folder, 'image'));
  const upstream = await startDockerRegistry(folder);
  await pushSampleImage(image, `${upstream.host}/acme/images/tools/sample`);
  const content = { layout: image.layout, digests: await digestsIn(image.layout) };
  const dublin = await startBackend(join(folder, 'dublin'), content);
  const iowa = await startBackend(join(folder, 'iowa'), content);
  const front = await startFront(join(folder, 'front'), {
    upstreams: [{ name: 'main', url: upstream.url, repositoryPrefix: 'acme/images' }],
    backends: [
      { name: 'dublin', url: dublin.url, at: { cloud: 'aws', region: 'eu-west-1' } },
      { name: 'iowa', url: iowa.url, at: { cloud: 'gcp', region: 'us-central1' } },
    ],
    routing: [
      { client: { cloud: 'aws' }, blobs: ['same-region', 'nearest'] },
      { client: { cloud: 'gcp' }, blobs: ['iowa'] },
      { blobs: ['upstream'] },
    ],
    cloudRanges: {
      static: [
        { prefix: '192.0.2.0/24', cloud: 'aws', region: 'eu-west-1' },
        { prefix: '198.51.100.0/24', cloud: 'gcp', region: 'us-central1' },
      ],
    },
  });
  const entrance = (client: keyof typeof CLIENTS) =>
    startEntrance(join(folder, client), { front: front.url, client: CLIENTS[client] });
  const entrances = {
    aws: await entrance('aws'),
    google: await entrance('google'),
    unknown: await entrance('unknown'),
  };
  const containerd = await startContainerd(join(folder, 'containerd'));
  return { image, upstream, dublin, iowa, front, entrances, containerd };
}

function publicReference(client: keyof typeof CLIENTS): string {
  return `${site.entrances[client].host}/tools/sample:${site.image.tag}`;
}

function upstreamReference(): string {
  return `${site.upstream.host}/acme/images/tools/sample:${site.image.tag}`;
}

async function accessLogs() {
  return {
    upstream: site.upstream.accesses(),
    dublin: await site.dublin.accesses(),
    iowa: await site.iowa.accesses(),
  };
}

type AccessLogs = Awaited<ReturnType<typeof accessLogs>>;

/** Who sent which blobs and manifests between two readings of the access logs. */
function sentBetween(before: AccessLogs, after: AccessLogs) {
  const select = (digests: (accesses: readonly Access[]) => string[]) => ({
    upstream: digests(after.upstream.slice(before.upstream.length)),
    dublin: digests(after.dublin.slice(before.dublin.length)),
    iowa: digests(after.iowa.slice(before.iowa.length)),
  });
  return { sentBlobs: select(blobsServed), sentManifests: select(manifestsServed) };
}
