// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { goTool } from '../test/e2e/go-tools.ts';
import { freePort, freePorts } from '../test/support/free-port.ts';
import { mustRun, type RunningProcess } from '../test/support/processes.ts';
import { startPinned } from './redirect-site.ts';
import { sha256Of } from './sha256-of.ts';

const ROOT = join(import.meta.dirname, '..');
const KIB = 1024;

export interface RegistryUnderTest {
  readonly name: 'ours' | 'debian' | 'cncf';
  /** Host and port. */
  readonly host: string;
  readonly folder: string;
  readonly running: RunningProcess;
}

/** Builds the program whose registry is measured. */
export async function buildProgram(): Promise<void> {
  await mustRun(process.execPath, [join(ROOT, 'scripts', 'build.ts')]);
}

/** Ours, with one line of the log in a thousand requests: the others write none. */
export async function startOurs(place: string): Promise<RegistryUnderTest> {
  const folder = await folderFor(place, 'ours');
  const [port = 0, adminPort = 0] = await freePorts(2);
  const file = join(folder, 'registry.yaml');
  await mkdir(join(folder, 'store'), { recursive: true });
  const config = {
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    storage: { kind: 'filesystem', directory: join(folder, 'store') },
    log: { sample: 0.001 },
  };
  await writeFile(file, stringify(config));
  const program = [process.execPath, join(ROOT, 'dist/bin/archeion')];
  const command = [...program, 'registry', 'serve', '--config', file];
  return started('ours', { folder, port, command });
}

/** Debian's docker-registry: version 2 of the distribution project, its access log off. */
export async function startDebian(place: string, name = 'debian'): Promise<RegistryUnderTest> {
  const folder = await folderFor(place, name);
  const port = await freePort();
  const command = ['docker-registry', 'serve', await distributionConfig(folder, port)];
  return started('debian', { folder, port, command });
}

/** Version 3 of the distribution project, its access log off; undefined where there is no Go to build it with. */
export async function startCncf(place: string): Promise<RegistryUnderTest | undefined> {
  const program = await goTool('registry').catch(() => undefined);
  if (program === undefined) return undefined;
  const folder = await folderFor(place, 'cncf');
  const port = await freePort();
  const command = [program, 'serve', await distributionConfig(folder, port)];
  return started('cncf', { folder, port, command });
}

interface Starting {
  readonly folder: string;
  readonly port: number;
  readonly command: readonly string[];
}

async function started(name: RegistryUnderTest['name'], { folder, port, command }: Starting) {
  const host = `127.0.0.1:${port}`;
  return { name, host, folder, running: await startPinned(command, `http://${host}`) };
}

async function folderFor(place: string, name: string): Promise<string> {
  const folder = join(place, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function distributionConfig(folder: string, port: number): Promise<string> {
  const file = join(folder, 'registry.yml');
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'store') } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await writeFile(file, stringify(config));
  return file;
}

/** What is pulled: one image of a small config and a large layer. */
export interface SampleContent {
  readonly manifest: Buffer;
  readonly manifestDigest: string;
  /** The digests of the blob of 1 KiB and that of 10 MiB. */
  readonly small: string;
  readonly large: string;
}

/** Brings the same image to each registry, as `bench/sample:v1`. */
export async function pushSample(hosts: readonly string[]): Promise<SampleContent> {
  const [config, layer] = [randomBytes(KIB), randomBytes(10 * KIB * KIB)];
  const [small, large] = [digestOf(config), digestOf(layer)];
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: KIB, digest: small },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          size: layer.byteLength,
          digest: large,
        },
      ],
    }),
  );
  for (const host of hosts) {
    for (const blob of [config, layer]) await pushBlob(host, 'bench/sample', blob);
    await put(`http://${host}/v2/bench/sample/manifests/v1`, manifest, OCI_MANIFEST);
  }
  return { manifest, manifestDigest: digestOf(manifest), small, large };
}

export async function pushBlob(host: string, repository: string, bytes: Buffer): Promise<void> {
  const uploads = `http://${host}/v2/${repository}/blobs/uploads/`;
  const started = await fetch(uploads, { method: 'POST' });
  const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', digestOf(bytes));
  await put(location.href, bytes, 'application/octet-stream');
}

export async function put(url: string, bytes: Buffer, type: string): Promise<void> {
  const body = new Uint8Array(bytes);
  const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body });
  if (answer.status !== 201) throw new Error(`PUT ${url}: ${answer.status} ${await answer.text()}`);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${sha256Of(bytes)}`;
}
