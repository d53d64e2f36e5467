// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort, waitForHttp } from '../support/free-port.ts';
import { mustRun, startProcess } from '../support/processes.ts';
import { type Access, parseAccessLog } from './access-log.ts';
import type { SampleImage } from './sample-image.ts';

export interface DockerRegistry {
  readonly url: string;
  /** Host and port, as clients write it. */
  readonly host: string;
  accesses(): readonly Access[];
  stop(): Promise<unknown>;
}

/** Who alone may pull and push, when there is anybody. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** Debian's docker-registry, keeping its content in the folder. */
export async function startDockerRegistry(
  folder: string,
  login?: RegistryLogin,
): Promise<DockerRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, 'registry') } },
    http: { addr: host },
    ...(login && { auth: { htpasswd: await htpasswd(folder, login) } }),
  };
  const file = join(folder, 'registry.yml');
  await writeFile(file, stringify(config));
  const running = startProcess('docker-registry', ['serve', file]);
  await waitForHttp(`http://${host}/v2/`, running);
  return {
    url: `http://${host}`,
    host,
    accesses: () => parseAccessLog(running.stdout()),
    stop: running.stop,
  };
}

/** docker-registry takes bcrypt only, and what Perl calls `crypt` is the system's own, which can make it. */
async function htpasswd(folder: string, { username, password }: RegistryLogin) {
  const script = 'print crypt($ARGV[0], q($2b$05$abcdefghijklmnopqrstuu))';
  const path = join(folder, 'htpasswd');
  await writeFile(path, `${username}:${await mustRun('perl', ['-e', script, password])}\n`);
  return { realm: 'test', path };
}

/** Everything of the sample image, byte for byte, by its tags. */
export async function pushSampleImage(image: SampleImage, target: string): Promise<void> {
  for (const tag of [image.tag, image.signatureTag, image.referrerTag]) {
    const from = `oci:${image.layout}:${tag}`;
    const options = ['--quiet', '--all', '--preserve-digests', '--dest-tls-verify=false'];
    await mustRun('skopeo', ['copy', ...options, from, `docker://${target}:${tag}`]);
  }
  // skopeo copies no index whose entries name no platform.
  await putManifest(target, image.referrersTag, await readFile(image.referrersFile));
}

export async function putManifest(target: string, tag: string, manifest: Buffer): Promise<void> {
  const { mediaType } = JSON.parse(manifest.toString());
  const [host, ...repository] = target.split('/');
  const answer = await fetch(`http://${host}/v2/${repository.join('/')}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: new Uint8Array(manifest),
  });
  if (answer.status !== 201) throw new Error(`PUT ${tag}: ${answer.status} ${await answer.text()}`);
}
