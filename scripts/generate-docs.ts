// SPDX-License-Identifier: Apache-2.0
// Writes the reference pages that are made from code. With --check it writes nothing and fails when a page is old.
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/commands.ts';
import { configJsonSchema } from '../src/config/config.ts';
import { mirrorJsonSchema } from '../src/config/mirror.ts';
import { registryJsonSchema } from '../src/config/registry.ts';
import { commandPage } from './pages/command-page.ts';
import { configurationPage } from './pages/configuration-page.ts';

const PAGES = {
  'docs/reference/command-line.md': commandPage(COMMANDS),
  'docs/reference/configuration.md': configurationPage(configJsonSchema(), {
    title: 'Configuration',
    source: 'src/config/schema.ts',
    intro: `\`archeion config check FILE\` names everything wrong with a file,
\`archeion config show\` prints it with all defaults, \`archeion config schema\` prints a JSON Schema for your editor.`,
  }),
  'docs/reference/registry-configuration.md': configurationPage(registryJsonSchema(), {
    title: 'Configuration of the registry',
    source: 'src/config/registry.ts',
    intro: `\`archeion config check FILE\`
names everything wrong with a file, and so does \`archeion registry serve --config FILE\` before it listens; \`archeion config show --config FILE\` prints it with all
defaults, \`archeion config schema --registry\` prints a JSON Schema for your editor. [How to run a registry](../how-to/run-a-registry.md). Sizes are written \`512KiB\`, \`100MiB\`, \`5GiB\` or \`1TiB\`.`,
  }),
  'docs/reference/mirror-configuration.md': configurationPage(mirrorJsonSchema(), {
    title: 'Configuration of the mirror',
    source: 'src/config/mirror.ts',
    intro: `\`archeion mirror plan --config FILE\`
names everything wrong with a file before it asks anybody. [How to fill backends](../how-to/fill-backends.md).`,
  }),
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
