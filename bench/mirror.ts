// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startCountingProxy } from '../test/e2e/counting-proxy.ts';
import { bucketStorage } from '../test/e2e/s3-registry.ts';
import { startVersityGateway } from '../test/e2e/s3-servers.ts';
import { mustRun } from '../test/support/processes.ts';
import { type MirroredImages, pushImages } from './mirror-site.ts';
import { CLIENT_CPU, SERVER_CPU } from './redirect-site.ts';
import { buildProgram, type RegistryUnderTest, startDebian } from './registry-site.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const PROGRAM = join(import.meta.dirname, '..', 'dist/bin/archeion');
const IMAGES = 200;
const AT_A_TIME = 4;
const ROUNDS = 3;

interface MirrorSite {
  readonly place: string;
  readonly source: RegistryUnderTest;
  readonly images: MirroredImages;
}

/** Two hundred images from Debian's registry: how long it takes beside skopeo, and what it asks for. */
export async function benchMirror(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const place = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  const source = await startDebian(place, 'source');
  try {
    const site = { place, source, images: await pushImages(source.host, IMAGES) };
    return [
      ...(await timeFolder(site)),
      ...(await timeBucket(site).catch(notHere)),
      ...(await countRequests(site)),
    ];
  } finally {
    await source.running.stop();
    await rm(place, { recursive: true });
  }
}

/** The object store is a program in Go. */
function notHere(error: unknown): readonly BenchResult[] {
  process.stderr.write(
    `bench: no object store: ${error instanceof Error ? error.message : error}\n`,
  );
  return [];
}

async function timeFolder(site: MirrorSite): Promise<readonly BenchResult[]> {
  const { place, source, images } = site;
  const from = `${source.host}/${images.repository}`;
  return race('to a folder, skopeo sync', {
    ours: async (round) => {
      const directory = join(place, `folder-${round}`);
      await mirror(site, `folder-${round}`, [{ kind: 'filesystem', directory }]);
      await rm(directory, { recursive: true });
    },
    theirs: async (round) => {
      const directory = join(place, `sync-${round}`);
      await mkdir(directory);
      const options = ['--src', 'docker', '--dest', 'dir', '--src-tls-verify=false'];
      await pinned('skopeo', ['sync', ...options, from, directory]);
      await rm(directory, { recursive: true });
    },
    atLeast: 1.5,
  });
}

async function timeBucket(site: MirrorSite): Promise<readonly BenchResult[]> {
  const { place } = site;
  const s3 = await startVersityGateway(place);
  try {
    await mustRun('taskset', ['-acp', SERVER_CPU, String(s3.running.pid)]);
    return await race('to a bucket, skopeo copy to a registry', {
      ours: async (round) => {
        await mirror(site, `bucket-${round}`, [await bucketStorage(s3, place)]);
      },
      theirs: (round) => copyToRegistry(site, round),
      atLeast: 1,
    });
  } finally {
    await s3.running.stop();
  }
}

/** To a new one each time: skopeo remembers where blobs are, and has a registry that has them mount them. */
async function copyToRegistry({ place, source, images }: MirrorSite, round: number): Promise<void> {
  const target = await startDebian(place, `target-${round}`);
  try {
    const script = `seq 0 ${images.images - 1} | xargs -P ${AT_A_TIME} -I{} skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false "docker://$0:v{}" "docker://$1:v{}"`;
    const from = `${source.host}/${images.repository}`;
    await pinned('sh', ['-c', script, from, `${target.host}/bench/images`]);
  } finally {
    await target.running.stop();
    await rm(target.folder, { recursive: true });
  }
}

/** What a first run to three targets reads, and what a second one asks for when no tag may move. */
async function countRequests(site: MirrorSite): Promise<readonly BenchResult[]> {
  const { place, source, images } = site;
  const proxy = await startCountingProxy(`http://${source.host}`);
  const targets = [1, 2, 3].map(
    (number) => ({ kind: 'filesystem', directory: join(place, `target-${number}`) }) as const,
  );
  try {
    const run = () =>
      mirror({ ...site, source: { ...source, host: new URL(proxy.url).host } }, 'counted', targets);
    await run();
    const read = bytesRead(proxy.take(), images.sizes);
    await run();
    const unique = [...images.sizes.values()].reduce((sum, size) => sum + size, 0);
    return [
      {
        metric: 'three targets: bytes read / unique bytes',
        measured: read / unique,
        unit: '',
        atMost: 1,
      },
      {
        metric: 'a second run: requests for one repository',
        measured: proxy.take().length,
        unit: '',
        atMost: 4,
      },
    ];
  } finally {
    proxy.close();
  }
}

function bytesRead(requests: readonly string[], sizes: ReadonlyMap<string, number>): number {
  const digests = requests.flatMap((line) => /^GET \S+\/blobs\/(\S+)$/.exec(line)?.[1] ?? []);
  return digests.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
}

async function mirror(
  { place, source, images }: MirrorSite,
  name: string,
  storages: readonly object[],
): Promise<void> {
  const file = join(place, `${name}.yaml`);
  const config = {
    source: { url: `http://${source.host}`, repositories: [images.repository] },
    targets: storages.map((storage, number) => ({ name: `target-${number}`, storage })),
    immutable: ['*'],
  };
  await writeFile(file, stringify(config));
  await pinned(process.execPath, [PROGRAM, 'mirror', 'run', '--yes', '--config', file]);
}

async function pinned(program: string, args: readonly string[]): Promise<void> {
  await mustRun('taskset', ['-c', CLIENT_CPU, program, ...args]);
}

interface Race {
  readonly ours: (round: number) => Promise<void>;
  readonly theirs: (round: number) => Promise<void>;
  readonly atLeast: number;
}

async function race(name: string, { ours, theirs, atLeast }: Race): Promise<BenchResult[]> {
  const seconds: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    seconds.ours.push(await secondsOf(() => ours(round)));
    seconds.theirs.push(await secondsOf(() => theirs(round)));
  }
  const ratios = seconds.ours.map((time, round) => (seconds.theirs[round] ?? NaN) / time);
  const metric = `${IMAGES} images ${name}`;
  return [
    { metric: `${metric}: its time / ours`, measured: median(ratios), unit: '', atLeast },
    { metric: `${metric}: ours`, measured: median(seconds.ours), unit: 's' },
    { metric: `${metric}: its own`, measured: median(seconds.theirs), unit: 's' },
  ];
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

if (import.meta.main) await runAlone(benchMirror);
