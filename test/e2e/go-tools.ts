// SPDX-License-Identifier: Apache-2.0
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '../support/processes.ts';

/** Programs that are to be had as Go modules only, by the package and version they are built from. */
const TOOLS = {
  // No release has the program that reads OCI_VERSION: a commit that has.
  conformance: {
    module: 'github.com/opencontainers/distribution-spec/conformance',
    version: '4fc4ecbefaaa6e4e1682f59f5ac445d076cf642d',
  },
  crane: { module: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' },
  'fake-gcs-server': { module: 'github.com/fsouza/fake-gcs-server', version: 'v1.56.1' },
  registry: { module: 'github.com/distribution/distribution/v3/cmd/registry', version: 'v3.1.2' },
  minio: {
    module: 'github.com/minio/minio',
    version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  },
  regctl: { module: 'github.com/regclient/regclient/cmd/regctl', version: 'v0.11.7' },
  versitygw: { module: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' },
} as const;

/** Builds a program once into a cache, by name and version, and gives its path. */
export async function goTool(name: keyof typeof TOOLS): Promise<string> {
  const { module, version } = TOOLS[name];
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(caches, 'archeion-ci', `${name}-${version}`);
  const program = join(folder, name);
  if (await isThere(program)) return program;
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '' };
  const built = await runProcess('go', ['install', `${module}@${version}`], { env });
  if (built.code !== 0) throw new Error(`cannot build ${name} ${version}: ${built.stderr.trim()}`);
  return program;
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
