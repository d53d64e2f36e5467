// SPDX-License-Identifier: Apache-2.0
import type { Move } from '../../redirector/compare-routes.ts';
import { type Command, EXIT, optionText } from '../command.ts';
import type { LoadedConfig } from '../load-config.ts';
import { documentChanges } from './document-changes.ts';

export const configDiff: Command = {
  name: 'config diff',
  summary: 'say what changes from one configuration to another, and which clients move',
  args: [
    { name: '<before>', description: 'the configuration in use' },
    { name: '<after>', description: 'the one to come' },
  ],
  options: [
    {
      flags: '-a, --addresses <file>',
      description: 'one client address a line: says which share of them moves from where to where',
    },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: [
    {
      line: 'archeion config diff live.yaml next.yaml',
      why: 'every key that differs, defaults included',
    },
    {
      line: 'archeion config diff live.yaml next.yaml --addresses clients.txt',
      why: 'before a region is added: who will be served from it',
    },
  ],
  async run(input, io) {
    const [
      { loadConfig },
      { openGeneration },
      { compareRoutes },
      { documentOf },
      { repositoriesNow },
      { openLog },
    ] = await Promise.all([
      import('../load-config.ts'),
      import('../front/front-generation.ts'),
      import('../../redirector/compare-routes.ts'),
      import('../../config/config.ts'),
      import('../front/repository-sources.ts'),
      import('../../log.ts'),
    ]);
    const [before, after] = await Promise.all([
      loadConfig(input.args[0], {}),
      loadConfig(input.args[1], {}),
    ]);
    const changes = documentChanges(documentOf(before.config), documentOf(after.config));
    const file = optionText(input, 'addresses');
    const log = openLog('warn', io.err);
    const open = async (loaded: LoadedConfig) =>
      openGeneration(loaded, {
        repositories: await repositoriesNow(loaded, { log, signal: io.stop }),
        log,
      });
    const moves =
      file === undefined
        ? []
        : compareRoutes(await open(before), await open(after), await readAddresses(file));
    const asJson = input.options['json'] === true;
    io.out(asJson ? `${JSON.stringify({ changes, moves })}\n` : textOf(changes, moves));
    return changes.length === 0 ? EXIT.done : EXIT.changesPending;
  },
};

async function readAddresses(file: string): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function textOf(changes: ReturnType<typeof documentChanges>, moves: readonly Move[]): string {
  const keys = changes.map(({ key, before, after }) => `${key}: ${before} -> ${after}\n`);
  const all = moves
    .filter(({ what }) => what === 'blobs')
    .reduce((sum, { clients }) => sum + clients, 0);
  const shares = moves.map(({ what, from, to, clients }) => {
    const share = `${((100 * clients) / all).toFixed(1)} %`.padStart(7);
    return `${share}  ${what.padEnd(9)}  ${from === to ? `${from}, as before` : `${from} -> ${to}`}\n`;
  });
  return [...(keys.length === 0 ? ['no key differs\n'] : keys), ...shares].join('');
}
