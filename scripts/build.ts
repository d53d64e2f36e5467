// SPDX-License-Identifier: Apache-2.0
// Makes dist/, what the package ships: src/ compiled to JavaScript, since Node strips no types below node_modules.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
const status = compile();
if (status === 0) copyLauncher();
process.exitCode = status;

function compile(): number {
  // Not through node_modules/.bin: its link starts whichever Node stands first on PATH.
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const args = [join(dirname(compiler), 'bin', 'tsc'), '-p', join(ROOT, 'tsconfig.build.json')];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

function copyLauncher(): void {
  const launcher = join(DIST, 'bin', 'archeion');
  mkdirSync(dirname(launcher), { recursive: true });
  copyFileSync(join(ROOT, 'bin', 'archeion'), launcher);
  chmodSync(launcher, 0o755);
}
