// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { selfSigned } from '../support/certificate.ts';
import { freePorts, waitForHttp } from '../support/free-port.ts';
import { mustRun, runProcess, startProcess, stopAllProcesses } from '../support/processes.ts';
import { type Containerd, startContainerd } from './clients.ts';
import { type DockerRegistry, pushSampleImage, startDockerRegistry } from './docker-registry.ts';
import { PROGRAM } from './front.ts';
import { type NamedHosts, startNamedHosts } from './named-hosts.ts';
import { commandsOn, filesOn } from './page-snippets.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

/** Nothing of these pages is changed before it runs, but where files are. */
const COPYING = 'how-to/mirror-our-images.md';
const POINTING = 'how-to/point-nodes-at-a-mirror.md';
const [ORIGINAL, MIRROR, OWN_FRONT] = [
  'registry.example.org',
  'mirror.example.net',
  'images.example.net',
] as const;
const CERTS = '/etc/containerd/certs.d';
const YEAR = 31_536_000_000;

let folder: string;
let image: SampleImage;
let upstream: DockerRegistry;
let hosts: NamedHosts;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-guides-'));
  image = await buildSampleImage(join(folder, 'image'));
  upstream = await startDockerRegistry(folder);
  await pushSampleImage(image, `${upstream.host}/tools/hello`);
  for (const target of ['tools/hello:v2.0', 'tools/late:v1']) await pushAs(target);
  const ports: Record<string, number> = {};
  for (const host of [ORIGINAL, MIRROR, OWN_FRONT]) ports[`${host}:443`] = await startHost(host);
  hosts = await startNamedHosts(ports);
  env = await clientEnvironment();
});

afterAll(async () => {
  await stopAllProcesses();
  await hosts.stop();
  await rm(folder, { recursive: true });
});

async function pushAs(target: string): Promise<void> {
  const options = ['--quiet', '--all', '--preserve-digests', '--dest-tls-verify=false'];
  const from = `oci:${image.layout}:${image.tag}`;
  await mustRun('skopeo', ['copy', ...options, from, `docker://${upstream.host}/${target}`]);
}

/** A front or the mirror, with a certificate for its name; gives its port. */
async function startHost(host: string): Promise<number> {
  const place = join(folder, host);
  await mkdir(join(place, 'store'), { recursive: true });
  const [now, subject] = [Date.now(), `test ${host}`];
  const dates = { validFrom: new Date(now - YEAR), validTo: new Date(now + YEAR) };
  const { cert, key } = selfSigned({ host, subject, ...dates });
  await writeFile(join(place, 'tls.crt'), cert);
  await writeFile(join(place, 'tls.key'), key, { mode: 0o600 });
  const [port = 0, adminPort = 0] = await freePorts(2);
  const tls = { certificate: 'tls.crt', key: 'tls.key' };
  const isMirror = host === MIRROR;
  const config = {
    listen: { host: '127.0.0.1', port, tls },
    admin: { port: adminPort },
    ...(isMirror
      ? { storage: { kind: 'filesystem', directory: 'store' } }
      : { upstreams: [{ name: 'main', url: upstream.url }] }),
  };
  const file = join(place, 'config.yaml');
  await writeFile(file, stringify(config));
  const line = [...(isMirror ? ['registry'] : []), 'serve', '--config', file];
  await waitForHttp(
    `http://127.0.0.1:${adminPort}/livez`,
    startProcess(process.execPath, [PROGRAM, ...line]),
  );
  return port;
}

/** Clients that trust the certificates, go to the hosts by the proxy, and have settings of their own. */
async function clientEnvironment(): Promise<NodeJS.ProcessEnv> {
  const trusted = join(folder, 'trusted.pem');
  const files = [ORIGINAL, MIRROR, OWN_FRONT].map((host) => join(folder, host, 'tls.crt'));
  const { stdout } = await runProcess('cat', files);
  await writeFile(trusted, stdout);
  const home = join(folder, 'home');
  await mkdir(home);
  const { PATH } = process.env;
  return { PATH, HOME: home, HTTPS_PROXY: hosts.url, SSL_CERT_FILE: trusted };
}

beforeEach(() => {
  hosts.connected.splice(0);
});

async function place(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function run(command: string, more: NodeJS.ProcessEnv = {}) {
  return runProcess('bash', ['-c', command], { cwd: folder, env: { ...env, ...more } });
}

/** Pulls by the name, and gives what came. */
async function pulled(reference: string): Promise<readonly string[]> {
  const layout = await mkdtemp(join(folder, 'pulled-'));
  const copy = `skopeo copy --quiet --all docker://${reference} oci:${layout}/layout:v1`;
  const { code, stderr } = await run(copy);
  expect(code, stderr).toBe(0);
  return digestsIn(join(layout, 'layout'));
}

const COPY = `${MIRROR}/${ORIGINAL}/tools/hello:v1`;

describe('a mirror is filled as the page says', () => {
  test.each([
    { program: 'skopeo copy', tags: ['v1'] },
    { program: 'skopeo sync', tags: ['v1', 'v2.0'] },
  ])('by $program', async ({ program, tags }) => {
    const [sync = ''] = await filesOn(COPYING, 'sync.yaml');
    await place(join(folder, 'sync.yaml'), sync);
    for (const command of await commandsOn(COPYING, program)) {
      const { code, stderr } = await run(command);
      expect(code, `${command}: ${stderr}`).toBe(0);
    }
    expect(await pulled(COPY)).toEqual(await pulled(`${ORIGINAL}/tools/hello:v1`));
    expect(await pulled(COPY)).toContain(image.indexDigest);
    const { stdout } = await run(`skopeo list-tags docker://${MIRROR}/${ORIGINAL}/tools/hello`);
    expect(JSON.parse(stdout).Tags).toEqual(tags);
  });
});

describe('containerd with the hosts.toml of the page', () => {
  let containerd: Containerd;
  beforeAll(async () => {
    containerd = await startContainerd(join(folder, 'containerd'));
  });

  async function fetchBy(name: string, hostsToml: string, repository = 'tools/hello') {
    const certs = join(folder, name);
    await place(join(certs, ORIGINAL, 'hosts.toml'), hostsToml);
    const [command = ''] = await commandsOn(POINTING, 'ctr');
    const line = command
      .replace(CERTS, certs)
      .replace('tools/hello', repository)
      .replace('ctr ', 'ctr --debug ');
    const more = {
      CONTAINERD_ADDRESS: join(folder, 'containerd', 'containerd.sock'),
      CONTAINERD_NAMESPACE: name,
    };
    return { ...(await run(line, more)), digests: await containerd.digests(name) };
  }

  const hostsTomls = () => filesOn(POINTING, `${CERTS}/${ORIGINAL}/hosts.toml`);
  const asked = () => new Set(hosts.connected);

  test('fetches from the mirror, which is told by ?ns= whose the image is, and from nobody else', async () => {
    const [mirrored = ''] = await hostsTomls();
    const { code, stderr, digests } = await fetchBy('mirrored', mirrored);
    expect(code, stderr).toBe(0);
    const manifest = `${ORIGINAL}/tools/hello/manifests/v1?ns=${ORIGINAL}`;
    expect(stderr).toContain(`https://${MIRROR}/v2/${manifest}`);
    expect(asked()).toEqual(new Set([`${MIRROR}:443`]));
    expect(digests).toEqual(await pulled(COPY));
  });

  test('fetches from the original what the mirror lacks', async () => {
    const [mirrored = ''] = await hostsTomls();
    const { code, stderr, digests } = await fetchBy('lacking', mirrored, 'tools/late');
    expect(code, stderr).toBe(0);
    expect(asked()).toEqual(new Set([`${MIRROR}:443`, `${ORIGINAL}:443`]));
    expect(digests).toContain(image.indexDigest);
  });

  test('has nobody but the mirror asked when the page says so, even for what it lacks', async () => {
    const [, alone = ''] = await hostsTomls();
    const { code, stderr } = await fetchBy('alone', alone);
    expect(code, stderr).toBe(0);
    expect(await fetchBy('alone-lacking', alone, 'tools/late')).toMatchObject({ digests: [] });
    expect(asked()).toEqual(new Set([`${MIRROR}:443`]));
  });

  test('fetches by a front of its own, which keeps ?ns= in what it redirects to the upstream', async () => {
    const [, , ownFront = ''] = await hostsTomls();
    const before = upstream.accesses().length;
    const { code, stderr, digests } = await fetchBy('own-front', ownFront);
    expect(code, stderr).toBe(0);
    expect(asked()).toEqual(new Set([`${OWN_FRONT}:443`]));
    const paths = upstream
      .accesses()
      .slice(before)
      .map(({ path }) => path);
    expect(paths).toContain(`/v2/tools/hello/manifests/v1?ns=${ORIGINAL}`);
    expect(digests).toContain(image.indexDigest);
  });
});

describe('skopeo with the registries.conf of the page', () => {
  const settings = () => join(folder, 'home', '.config', 'containers');
  beforeAll(async () => {
    const path = '/etc/containers/registries.conf.d/50-mirror.conf';
    const [mirrored = ''] = await filesOn(POINTING, path);
    await place(join(settings(), 'registries.conf'), '');
    await place(join(settings(), 'registries.conf.d', '50-mirror.conf'), mirrored);
  });
  afterAll(() => rm(settings(), { recursive: true }));

  test('looks at an image at the mirror, and asks nobody else', async () => {
    for (const command of await commandsOn(POINTING, 'skopeo')) {
      const { code, stdout, stderr } = await run(command);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout).Digest).toBe(image.indexDigest);
    }
    expect(await pulled(`${ORIGINAL}/tools/hello:v1`)).toContain(image.indexDigest);
    expect(new Set(hosts.connected)).toEqual(new Set([`${MIRROR}:443`]));
  });

  test('gets what the mirror lacks from the original', async () => {
    expect(await pulled(`${ORIGINAL}/tools/late:v1`)).toContain(image.indexDigest);
    expect(new Set(hosts.connected)).toEqual(new Set([`${MIRROR}:443`, `${ORIGINAL}:443`]));
  });
});
