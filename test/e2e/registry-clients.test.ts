// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePortBase, waitForHttp } from '../support/free-port.ts';
import { mustRun, runProcess, startProcess, stopAllProcesses } from '../support/processes.ts';
import { skopeoCopy, skopeoListTags, startContainerd } from './clients.ts';
import { PROGRAM } from './front.ts';
import { goTool } from './go-tools.ts';
import { blobFile, buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

const PLAIN = '--dest-tls-verify=false';

let folder: string;
let image: SampleImage;
/** Host and port of the registry, and of the front that redirects to it. */
let host: string;
let front: string;
/** Everything that belongs to the multi-platform image. */
let wanted: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-registry-'));
  image = await buildSampleImage(join(folder, 'image'));
  const base = await freePortBase(5);
  [front, host] = [`127.0.0.1:${base}`, `127.0.0.1:${base + 2}`];
  const line = ['dev', '--port-base', String(base), '--data', join(folder, 'dev')];
  const running = startProcess(process.execPath, [PROGRAM, ...line]);
  await waitForHttp(`http://${front}/v2/`, running);
  await push('pushed/skopeo');
  const copy = join(folder, 'first');
  expect(await skopeoCopy(`${host}/pushed/skopeo:v1`, copy)).toMatchObject({ code: 0 });
  wanted = await digestsIn(copy);
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** By skopeo, with all platforms. */
function push(repository: string): Promise<string> {
  const from = `oci:${image.layout}:${image.tag}`;
  const options = ['--quiet', '--all', '--preserve-digests', PLAIN];
  return mustRun('skopeo', ['copy', ...options, from, `docker://${host}/${repository}:v1`]);
}

async function pulled(repository: string): Promise<readonly string[]> {
  const layout = join(folder, repository.replaceAll('/', '-'));
  expect(await skopeoCopy(`${host}/${repository}:v1`, layout)).toMatchObject({ code: 0 });
  return digestsIn(layout);
}

describe('skopeo', () => {
  test('gets back what it pushed, with every platform', () => {
    expect(wanted).toContain(image.indexDigest);
    expect(wanted).toEqual(expect.arrayContaining([...image.platformDigests]));
  });

  test('pulls what was pushed through the front', async () => {
    const copy = join(folder, 'through-the-front');
    expect(await skopeoCopy(`${front}/pushed/skopeo:v1`, copy)).toMatchObject({ code: 0 });
    expect(await digestsIn(copy)).toEqual(wanted);
  });

  test('pushes an image that is there already', async () => {
    await push('pushed/skopeo');
    expect(await pulled('pushed/skopeo')).toEqual(wanted);
  });

  test('copies from one repository to another, lists, and deletes', async () => {
    const [from, to] = [`docker://${host}/pushed/skopeo:v1`, `docker://${host}/pushed/copy:v1`];
    await mustRun('skopeo', [
      'copy',
      '--quiet',
      '--all',
      '--src-tls-verify=false',
      PLAIN,
      from,
      to,
    ]);
    expect(await pulled('pushed/copy')).toEqual(wanted);
    expect(await skopeoListTags(`${host}/pushed/copy`)).toEqual(['v1']);
    await mustRun('skopeo', ['delete', '--tls-verify=false', to]);
    const gone = await skopeoCopy(`${host}/pushed/copy:v1`, join(folder, 'gone'));
    expect(gone.code).not.toBe(0);
    expect(await pulled('pushed/skopeo')).toEqual(wanted);
  });

  test('syncs a repository', async () => {
    const target = join(folder, 'synced');
    const options = ['--all', '--src', 'docker', '--dest', 'dir', '--src-tls-verify=false'];
    await mustRun('skopeo', ['sync', ...options, `${host}/pushed/skopeo`, target]);
    const index = await readFile(join(target, 'skopeo:v1', 'manifest.json'), 'utf8');
    expect(JSON.parse(index).manifests).toHaveLength(2);
  });
});

test('umoci unpacks what was pulled', async () => {
  const layout = join(folder, 'unpack');
  const from = `docker://${host}/pushed/skopeo:v1`;
  const options = ['--quiet', '--src-tls-verify=false', '--override-arch', 'amd64'];
  await mustRun('skopeo', ['copy', ...options, from, `oci:${layout}:v1`]);
  const bundle = join(folder, 'bundle');
  await mustRun('umoci', ['unpack', '--rootless', '--image', `${layout}:v1`, bundle]);
  expect(JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8'))).toHaveProperty('root');
});

test('containerd pulls, and pushes to another repository', async () => {
  const containerd = await startContainerd(join(folder, 'containerd'));
  expect(await containerd.fetch('here', `${host}/pushed/skopeo:v1`)).toMatchObject({ code: 0 });
  expect(await containerd.digests('here')).toEqual(wanted);
  const archive = join(folder, 'image.tar');
  const from = `docker://${host}/pushed/skopeo:v1`;
  const options = ['--quiet', '--all', '--src-tls-verify=false'];
  await mustRun('skopeo', ['copy', ...options, from, `oci-archive:${archive}`]);
  const target = `${host}/pushed/containerd:v1`;
  expect(await containerd.import('there', target, archive)).toMatchObject({ code: 0 });
  expect(await containerd.push('there', target)).toMatchObject({ code: 0 });
  // The import puts an index of its own around the image's, under the tag.
  const copy = join(folder, 'from-containerd');
  const pushed = `${host}/pushed/containerd@${image.indexDigest}`;
  expect(await skopeoCopy(pushed, copy)).toMatchObject({ code: 0 });
  expect(await digestsIn(copy)).toEqual(wanted);
});

test('podman pushes, and pulls what it pushed', async () => {
  const storage = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')];
  const podman = (...line: string[]) =>
    mustRun('podman', [...storage, '--storage-driver', 'vfs', ...line]);
  const archive = join(folder, 'rootfs.tar');
  await mustRun('tar', ['-C', image.layout, '-cf', archive, 'oci-layout', 'index.json']);
  const reference = `${host}/pushed/podman:v1`;
  const id = (await podman('import', '--quiet', archive)).trim();
  await podman('push', '--quiet', '--tls-verify=false', id, `docker://${reference}`);
  await podman('rmi', '--all', '--force');
  const again = await podman('pull', '--quiet', '--tls-verify=false', reference);
  expect(`sha256:${again.trim()}`).toBe(id.startsWith('sha256:') ? id : `sha256:${id}`);
  expect(await skopeoListTags(`${host}/pushed/podman`)).toEqual(['v1']);
});

test('crane copies, tags, lists and deletes', async () => {
  const program = await goTool('crane');
  const crane = (...line: string[]) => mustRun(program, [...line, '--insecure']);
  const repository = `${host}/pushed/crane`;
  await crane('copy', `${host}/pushed/skopeo:v1`, `${repository}:v1`);
  await crane('tag', `${repository}:v1`, 'v2');
  expect(await crane('digest', `${repository}:v2`)).toBe(`${image.indexDigest}\n`);
  expect(await crane('ls', repository)).toBe('v1\nv2\n');
  await crane('validate', '--remote', `${repository}:v1`);
  await crane('delete', `${repository}@${image.indexDigest}`);
  expect(await crane('ls', repository)).toBe('');
});

test('regctl attaches a referrer, finds it, and it goes with its own manifest', async () => {
  const program = await goTool('regctl');
  const env = { ...process.env, REGCTL_CONFIG: join(folder, 'regctl.json') };
  const regctl = async (...line: string[]) => {
    const { code, stdout, stderr } = await runProcess(program, line, { env });
    expect(stderr + String(code)).toBe('0');
    return stdout;
  };
  await regctl('registry', 'set', '--tls', 'disabled', host);
  const subject = `${host}/pushed/skopeo:v1`;
  const file = blobFile(image.layout, image.indexDigest);
  const attach = ['--artifact-type', 'application/vnd.example.note', '--subject', subject];
  await regctl('artifact', 'put', ...attach, '--file', file);
  const listed = JSON.parse(await regctl('artifact', 'list', '--format', '{{json .}}', subject));
  expect(listed.descriptors).toMatchObject([{ artifactType: 'application/vnd.example.note' }]);
  await regctl('manifest', 'delete', `${host}/pushed/skopeo@${listed.descriptors[0].digest}`);
  const left = JSON.parse(await regctl('artifact', 'list', '--format', '{{json .}}', subject));
  expect(left.descriptors ?? []).toEqual([]);
});
