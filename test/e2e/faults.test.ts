// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { blobsServed } from './access-log.ts';
import { type SilentServer, startBackend, startSilentServer } from './backends.ts';
import { skopeoCopy } from './clients.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { type Front, startFront } from './front.ts';
import { type NginxServer, startConstantServer, startEntrance } from './nginx.ts';
import { buildSampleImage, digestsIn } from './sample-image.ts';

/** Each fault has a cloud region of its own, with one backend that suffers from it. */
const FAULTS = {
  empty: '192.0.2.1',
  partial: '192.0.2.2',
  refusing: '192.0.2.3',
  forbidden: '192.0.2.4',
  broken: '192.0.2.5',
  throttled: '192.0.2.6',
  silent: '192.0.2.7',
};
type Fault = keyof typeof FAULTS;
const NAMES = Object.keys(FAULTS) as Fault[];

let folder: string;
let upstream: DockerRegistry;
let front: Front;
let partial: NginxServer;
let silent: SilentServer;
let entrances: Readonly<Record<Fault, NginxServer>>;
let wanted: readonly string[];
/** The blobs that the partial backend holds. */
let heldBlobs: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-faults-'));
  const image = await buildSampleImage(join(folder, 'image'));
  upstream = await startDockerRegistry(folder);
  await pushSampleImage(image, `${upstream.host}/tools/sample`);
  expect(await pull(upstream.host, 'original')).toMatchObject({ code: 0 });
  wanted = await digestsIn(join(folder, 'original'));
  const { indexDigest, platformDigests } = image;
  const blobs = wanted.filter((digest) => ![indexDigest, ...platformDigests].includes(digest));
  heldBlobs = blobs.slice(0, 3);
  const urls = await startBackends(image.layout);
  front = await startFront(join(folder, 'front'), configuration(urls));
  entrances = await startEntrances();
});

afterAll(async () => {
  await stopAllProcesses();
  await silent?.stop();
  await rm(folder, { recursive: true });
});

test.each(NAMES)('a pull succeeds while the backend nearby is %s', async (fault) => {
  expect(await pull(entrances[fault].host, fault)).toMatchObject({ code: 0 });
  expect(await digestsIn(join(folder, fault))).toEqual(wanted);
});

test('what a partly filled backend holds still came from it', async () => {
  expect(blobsServed(await partial.accesses())).toEqual(heldBlobs);
});

test('a pull succeeds again after a backend has gone away under a running front', async () => {
  await partial.stop();
  // The front remembers what was held for an hour: only blobs it has not asked about are safe.
  const fresh = await freshImage();
  expect(await pull(entrances.partial.host, 'gone', fresh)).toMatchObject({ code: 0 });
});

function pull(host: string, layout: string, tag = 'v1') {
  return skopeoCopy(`${host}/tools/sample:${tag}`, join(folder, layout));
}

async function freshImage(): Promise<string> {
  const image = await buildSampleImage(join(folder, 'fresh'));
  await pushSampleImage(image, `${upstream.host}/tools/sample`);
  return image.tag;
}

async function startBackends(layout: string): Promise<Readonly<Record<Fault, string>>> {
  const constant = async (fault: Fault, status: number): Promise<string> => {
    const { url } = await startConstantServer(join(folder, `backend-${fault}`), status);
    return url;
  };
  const holding = (fault: Fault, digests: readonly string[]): Promise<NginxServer> =>
    startBackend(join(folder, `backend-${fault}`), { layout, digests });
  partial = await holding('partial', heldBlobs);
  silent = await startSilentServer();
  return {
    empty: (await holding('empty', [])).url,
    partial: partial.url,
    refusing: `http://127.0.0.1:${await freePort()}`,
    forbidden: await constant('forbidden', 403),
    broken: await constant('broken', 500),
    throttled: await constant('throttled', 429),
    silent: silent.url,
  };
}

function configuration(urls: Readonly<Record<Fault, string>>): Parameters<typeof startFront>[1] {
  const at = (fault: Fault) => ({ cloud: 'aws', region: fault });
  return {
    upstreams: [{ name: 'main', url: upstream.url }],
    backends: NAMES.map((name) => ({ name, url: urls[name], at: at(name) })),
    routing: [{ client: { cloud: 'aws' }, blobs: ['same-region'] }],
    cloudRanges: {
      static: NAMES.map((fault) => ({ prefix: `${FAULTS[fault]}/32`, ...at(fault) })),
    },
  };
}

async function startEntrances(): Promise<Readonly<Record<Fault, NginxServer>>> {
  const entries = NAMES.map(async (fault) => {
    const entrance = { front: front.url, client: FAULTS[fault] };
    return [fault, await startEntrance(join(folder, `entrance-${fault}`), entrance)] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<Fault, NginxServer>;
}
