// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FinishedProcess,
  mustRun,
  runProcess,
  startProcess,
  waitFor,
} from '../support/processes.ts';

/** Copies an image with all its platforms, digests kept, into an OCI image layout. */
export function skopeoCopy(reference: string, layout: string): Promise<FinishedProcess> {
  const options = ['--quiet', '--all', '--preserve-digests', '--src-tls-verify=false'];
  return runProcess('skopeo', ['copy', ...options, `docker://${reference}`, `oci:${layout}:v1`]);
}

export async function skopeoListTags(repository: string): Promise<string[]> {
  const text = await mustRun('skopeo', [
    'list-tags',
    '--tls-verify=false',
    `docker://${repository}`,
  ]);
  return JSON.parse(text).Tags;
}

export interface Containerd {
  /** Fetches an image with all its platforms; it verifies every digest itself. */
  fetch(namespace: string, reference: string): Promise<FinishedProcess>;
  /** Imports an archive of an OCI image layout under a name, with all its platforms. */
  import(namespace: string, reference: string, archive: string): Promise<FinishedProcess>;
  push(namespace: string, reference: string): Promise<FinishedProcess>;
  /** The digests that a namespace holds, in byte order. */
  digests(namespace: string): Promise<string[]>;
  stop(): Promise<unknown>;
}

/** A containerd of our own that keeps everything in the folder. No container is ever run. */
export async function startContainerd(folder: string): Promise<Containerd> {
  await mkdir(folder, { recursive: true });
  const socket = join(folder, 'containerd.sock');
  const file = join(folder, 'config.toml');
  await writeFile(file, configuration(folder, socket));
  const running = startProcess('containerd', ['--config', file]);
  const ctr = (...args: string[]) => runProcess('ctr', ['--address', socket, ...args]);
  const ask = async () => ((await ctr('version')).code === 0 ? true : undefined);
  await waitFor(ask, () => `containerd does not answer: ${running.output()}`);
  return {
    fetch: (namespace, reference) =>
      ctr('-n', namespace, 'content', 'fetch', '--plain-http', '--all-platforms', reference),
    import(namespace, reference, archive) {
      const options = ['--all-platforms', '--no-unpack', '--index-name', reference];
      return ctr('-n', namespace, 'images', 'import', ...options, archive);
    },
    push: (namespace, reference) =>
      ctr('-n', namespace, 'images', 'push', '--plain-http', reference),
    digests: async (namespace) => {
      const { stdout } = await ctr('-n', namespace, 'content', 'ls', '--quiet');
      return stdout.split('\n').filter(Boolean).sort();
    },
    stop: running.stop,
  };
}

function configuration(folder: string, socket: string): string {
  return `
    version = 2
    root = "${folder}/root"
    state = "${folder}/state"
    disabled_plugins = ["io.containerd.grpc.v1.cri"]
    [grpc]
      address = "${socket}"
    [ttrpc]
      address = "${socket}.ttrpc"
    [plugins."io.containerd.internal.v1.opt"]
      path = "${folder}/opt"
    # Else a second namespace would be given what the first one fetched.
    [plugins."io.containerd.metadata.v1.bolt"]
      content_sharing_policy = "isolated"
    # Fetched content only needs a name in the namespace while it arrives: nothing may be collected under a test.
    [plugins."io.containerd.gc.v1.scheduler"]
      startup_delay = "1h"
      deletion_threshold = 0
      mutation_threshold = 0
      schedule_delay = "1h"
  `;
}
