// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readDigestIndex } from '../src/core/digest-index/digest-index-file.ts';
import { formatIndexPointer, indexFileName } from '../src/core/digest-index/index-pointer.ts';
import { type Digest, parseDigest } from '../src/core/oci/digest.ts';
import { freePorts, waitForHttp } from '../test/support/free-port.ts';
import { indexBytes } from '../test/support/index-bucket.ts';
import { mustRun, type RunningProcess, startProcess } from '../test/support/processes.ts';
import { mixedAddresses, prepareRanges } from './redirect-ranges.ts';

const ROOT = join(import.meta.dirname, '..');
/** The server under test has this processor to itself; the load comes from the other. */
export const SERVER_CPU = '0';
export const CLIENT_CPU = '1';

export interface BenchSite {
  readonly folder: string;
  /** Addresses of clients in several clouds and in none. */
  readonly addresses: readonly string[];
  /** The command that starts the front, on `url`. */
  readonly command: readonly string[];
  readonly url: string;
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/**
 * The built program with the product's defaults, real prefix tables, and backends to ask. Not started yet.
 *
 * @param indexed how many digests the index of one more backend has; 0 for no such backend
 */
export async function openBenchSite(indexed = 0): Promise<BenchSite> {
  await mustRun(process.execPath, [join(ROOT, 'scripts', 'build.ts')]);
  const folder = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  const ranges = join(folder, 'ranges');
  await prepareRanges(ranges);
  const [port = 0, adminPort = 0, backendPort = 0] = await freePorts(3);
  const file = join(folder, 'archeion.yaml');
  const settings = { port, adminPort, backendPort, ranges, isIndexed: indexed > 0 };
  const config = configuration(settings);
  const objects =
    indexed > 0 ? indexObjects(config.backends.at(-1)?.url ?? '', indexed) : new Map();
  const backend = await startHeadServer(backendPort, objects);
  await writeFile(file, stringify(config));
  return {
    folder,
    addresses: await mixedAddresses(ranges),
    command: [process.execPath, join(ROOT, 'dist/bin/archeion'), 'serve', '--config', file],
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    stop: async () => {
      await backend.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Starts a command on the server's processor, waits until it answers, and lets its log go nowhere. */
export async function startPinned(
  command: readonly string[],
  url: string,
): Promise<RunningProcess> {
  // Each of them replaces the one before, so the process measured is the program itself.
  const shell = ['-c', 'exec taskset -c "$0" "$@" 2>/dev/null', SERVER_CPU, ...command];
  const running = startProcess('sh', shell);
  await waitForHttp(`${url}/v2/`, running);
  return running;
}

/** A digest that the backend holds, or one that it does not: see `startHeadServer`. */
export function benchDigest(number: number, isHeld: boolean): string {
  return `sha256:${isHeld ? '1' : 'f'}${number.toString(16).padStart(63, '0')}`;
}

interface SiteOptions {
  readonly port: number;
  readonly adminPort: number;
  readonly backendPort: number;
  readonly ranges: string;
  readonly isIndexed: boolean;
}

const INDEXED = 'frankfurt';

function configuration({ port, adminPort, backendPort, ranges, isIndexed }: SiteOptions) {
  const backend = (name: string) => ({ name, url: `http://127.0.0.1:${backendPort}/${name}` });
  return {
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    clientAddress: { trustedProxyHops: 1 },
    upstreams: [
      { name: 'us', url: 'https://us-registry.example.org', repositoryPrefix: 'acme-prod/images' },
    ],
    backends: [
      { ...backend('dublin'), at: { cloud: 'aws', region: 'eu-west-1' } },
      { ...backend('virginia'), at: { cloud: 'aws', region: 'us-east-1' } },
      backend('cdn'),
      ...(isIndexed
        ? [{ ...backend(INDEXED), at: { cloud: 'aws', region: 'eu-central-1' }, index: true }]
        : []),
    ],
    routing: [
      { client: { cloud: 'gcp' }, blobs: ['upstream'] },
      { client: { cloud: 'aws' }, blobs: ['same-region', 'nearest', 'cdn'] },
      { blobs: ['cdn'] },
    ],
    cloudRanges: { feeds: ['aws', 'gcp'], directory: ranges },
  };
}

/** What the backend publishes, by path: an index of so many digests that nobody will ask for, and its pointer. */
function indexObjects(url: string, count: number): ReadonlyMap<string, Uint8Array> {
  const digests = Array.from({ length: count }, (_, number) => indexedDigest(number));
  const bytes = indexBytes({ backend: INDEXED, url, digests });
  const checksum = bytesChecksum(bytes);
  const name = indexFileName(0, checksum);
  const pointer = { file: name, size: bytes.byteLength, checksum: `sha256:${checksum}` };
  return new Map<string, Uint8Array>([
    [`/${INDEXED}/archeion/index`, Buffer.from(formatIndexPointer(pointer))],
    [`/${INDEXED}/archeion/${name}`, bytes],
  ]);
}

function indexedDigest(number: number): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(`${number}`).digest('hex')}`);
  if (digest === undefined) throw new Error('a sha256 is no digest');
  return digest;
}

function bytesChecksum(bytes: Uint8Array): string {
  const read = readDigestIndex(bytes);
  if (!read.ok) throw new Error(read.problem);
  return Buffer.from(read.file.checksum).toString('hex');
}

/** A backend that holds every blob whose digest begins with a digit, and none of the others. */
async function startHeadServer(
  port: number,
  objects: ReadonlyMap<string, Uint8Array>,
): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const object = objects.get(request.url ?? '');
    if (object !== undefined) {
      response.writeHead(200, { 'content-length': object.byteLength, etag: '"1"' }).end(object);
      return;
    }
    const isHeld = /\/sha256:[0-9]/.test(request.url ?? '');
    response.writeHead(isHeld ? 200 : 404, { 'content-length': isHeld ? 1048576 : 0 }).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
