// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OCI_CONFIG, OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { mustRun } from '../test/support/processes.ts';
import { CLIENT_CPU } from './redirect-site.ts';
import { buildProgram, type RegistryUnderTest, startCncf, startOurs } from './registry-site.ts';
import { type BenchResult, median, runAlone } from './result.ts';
import { sha256Of } from './sha256-of.ts';

const IMAGES = 100;
const LAYERS = 5;
const LAYER_BYTES = 1024 * 1024;
const AT_A_TIME = 4;
const ROUNDS = 3;

/** A hundred images pushed by skopeo, four at a time, each round under a name of its own. */
export async function benchRegistryPush(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const place = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  const servers: RegistryUnderTest[] = [];
  try {
    servers.push(await startOurs(place));
    const other = await startCncf(place);
    if (other !== undefined) servers.push(other);
    return resultsOf(await measure(place, servers));
  } finally {
    for (const { running } of servers) await running.stop();
    await rm(place, { recursive: true });
  }
}

type Name = RegistryUnderTest['name'];

/** Seconds, round by round. Each round has images of its own: nobody has seen any of their layers. */
async function measure(place: string, servers: readonly RegistryUnderTest[]) {
  const seconds = new Map<Name, number[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const images = join(place, `images-${round}`);
    await makeImages(images);
    for (const { name, host } of servers) {
      const began = performance.now();
      await pushAll(images, `${host}/bench/round-${round}`);
      seconds.get(name)?.push((performance.now() - began) / 1000);
    }
    await rm(images, { recursive: true });
  }
  return seconds;
}

/** By `dir:` folders, which skopeo reads without unpacking anything. */
async function makeImages(folder: string): Promise<void> {
  for (let image = 0; image < IMAGES; image++) {
    const place = join(folder, String(image));
    await mustRun('mkdir', ['-p', place]);
    const blobs = [Buffer.from(JSON.stringify({ image, random: randomBytes(8).toString('hex') }))];
    for (let layer = 0; layer < LAYERS; layer++) blobs.push(randomBytes(LAYER_BYTES));
    const [config, ...layers] = await Promise.all(
      blobs.map(async (bytes) => {
        const hex = sha256Of(bytes);
        await writeFile(join(place, hex), bytes);
        return { digest: `sha256:${hex}`, size: bytes.byteLength };
      }),
    );
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, ...config },
      layers: layers.map((layer) => ({ mediaType, ...layer })),
    };
    await writeFile(join(place, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(place, 'version'), 'Directory Transport Version: 1.1\n');
  }
}

async function pushAll(images: string, target: string): Promise<void> {
  const script = `seq 0 ${IMAGES - 1} | xargs -P ${AT_A_TIME} -I{} skopeo copy --quiet --preserve-digests --dest-tls-verify=false "dir:$0/{}" "docker://$1:{}"`;
  await mustRun('taskset', ['-c', CLIENT_CPU, 'sh', '-c', script, images, target]);
}

function resultsOf(seconds: ReadonlyMap<Name, readonly number[]>): BenchResult[] {
  const ours = seconds.get('ours') ?? [];
  const theirs = seconds.get('cncf');
  const metric = `push of ${IMAGES} images of ${LAYERS} MiB`;
  return [
    ...(theirs === undefined
      ? []
      : [
          {
            metric: `${metric}: cncf's time / ours`,
            measured: median(ours.map((time, round) => (theirs[round] ?? NaN) / time)),
            unit: '',
            atLeast: 1,
          },
        ]),
    ...[...seconds].map(([name, all]) => ({
      metric: `${metric}, ${name}`,
      measured: median(all),
      unit: 's',
    })),
  ];
}

if (import.meta.main) await runAlone(benchRegistryPush);
