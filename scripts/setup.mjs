// SPDX-License-Identifier: Apache-2.0
// Installs what the lock file names, when it is missing or older than the lock file, and only then.
// Plain JavaScript in Node 20 syntax: it runs before the pinned Node is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.archeion-setup`;
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) install();

/** The pinned Node may need a library that a bare system lacks; the loader's own words help nobody. */
function checkPinnedNode() {
  const node = `${root}node_modules/.bin/node`;
  if (!existsSync(node)) return;
  const { status, stderr } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(
    `archeion: the pinned Node.js does not run here: ${stderr}` +
      'archeion: on Debian and Ubuntu "apt-get install libatomic1" brings what it needs\n',
  );
  process.exit(1);
}

function install() {
  process.stderr.write('archeion: installing dependencies (once, about a minute)\n');
  // Not `npm ci`: it refuses a lock file whose optional packages for other systems cannot be had.
  // `--no-save` keeps the lock file as it is; `--include=dev` because a checkout runs src/, whatever NODE_ENV says.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['install', '--no-save', '--include=dev', ...quiet];
  // npm exports its settings to this process; a nested npm warns about those it does not know.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)),
  );
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 2],
  });
  if (status !== 0) {
    const why = error === undefined ? `exit status ${status}` : error.message;
    process.stderr.write(
      `archeion: "npm ${args.join(' ')}" failed (${why}); see its output above\n`,
    );
    process.exit(1);
  }
  checkPinnedNode();
  writeFileSync(stamp, wanted);
}
