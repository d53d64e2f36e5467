// SPDX-License-Identifier: Apache-2.0
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '../support/processes.ts';

/** Programs of packages that the project itself does not depend on, by version and the file that is run. */
const TOOLS = {
  // Of 3.37.0 a dependency was not to be had.
  azurite: { version: '3.36.0', file: 'dist/src/blob/main.js' },
} as const;

/** Installs a program once into a cache, by name and version, and gives the file to run with Node.js. */
export async function npmTool(name: keyof typeof TOOLS): Promise<string> {
  const { version, file } = TOOLS[name];
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(caches, 'archeion-ci', `${name}-${version}`);
  const program = join(folder, 'node_modules', name, file);
  if (await isThere(program)) return program;
  await mkdir(folder, { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const args = ['install', '--prefix', folder, ...quiet, `${name}@${version}`];
  const installed = await runProcess('npm', args);
  if (installed.code !== 0) {
    throw new Error(`cannot install ${name} ${version}: ${installed.stderr.trim()}`);
  }
  return program;
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
