// SPDX-License-Identifier: Apache-2.0
// Writes the reference pages that are made from code. With --check it writes nothing and fails when a page is old.
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/commands.ts';
import { configJsonSchema } from '../src/config/config.ts';
import { commandPage } from './pages/command-page.ts';
import { configurationPage } from './pages/configuration-page.ts';

const PAGES = {
  'docs/reference/command-line.md': commandPage(COMMANDS),
  'docs/reference/configuration.md': configurationPage(configJsonSchema()),
};

const check = process.argv.includes('--check');
const root = new URL('..', import.meta.url);

const old = Object.entries(PAGES).filter(([path, text]) => current(path) !== text);
for (const [path, text] of old) {
  if (!check) writeFileSync(new URL(path, root), text);
  process.stdout.write(
    `${path}: ${check ? 'is old, run "node scripts/generate-docs.ts"' : 'written'}\n`,
  );
}
process.exitCode = check && old.length > 0 ? 1 : 0;

function current(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return undefined; // not there yet
  }
}
