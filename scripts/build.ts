// SPDX-License-Identifier: Apache-2.0
// Makes dist/, what the package ships: src/ and the libraries it uses, bundled, since most of a start is finding and
// reading files. The type check is `npm run check`'s business.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { thirdPartyLicenses } from './third-party-licenses.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
copyLauncher();
writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(await bundle()));

/** Says which files went into it. */
async function bundle(): Promise<string[]> {
  await using build = await rolldown({
    cwd: ROOT,
    // A thread begins with a file of its own, which has to keep its name.
    input: { main: 'src/main.ts', 'bcrypt-worker': 'src/registry/access/bcrypt-worker.ts' },
    platform: 'node',
    // An import that leads nowhere is only a warning there, and would fail in a user's hands.
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  // Flat, and as deep as src/cli: from there both find package.json and data/ two folders up.
  // One character outside Latin-1, often in a comment, has V8 keep a file's whole text at two bytes each.
  const { output } = await build.write({
    dir: join(DIST, 'program'),
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

function copyLauncher(): void {
  const launcher = join(DIST, 'bin', 'archeion');
  mkdirSync(dirname(launcher), { recursive: true });
  copyFileSync(join(ROOT, 'bin', 'archeion'), launcher);
  chmodSync(launcher, 0o755);
}
