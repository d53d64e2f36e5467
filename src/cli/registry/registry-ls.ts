// SPDX-License-Identifier: Apache-2.0
import type { TagEntry } from '../../registry/pull/catalog.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { type Command, type CommandIo, EXIT } from '../command.ts';
import { openJsonList } from '../json-list.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION, requireRepository } from './registry-options.ts';

export const registryLs: Command = {
  name: 'registry ls',
  summary: 'list the repositories of a registry folder, or the tags of one repository',
  args: [{ name: '[repository]', description: 'list its tags, with what they point at' }],
  options: [DIRECTORY_OPTION, CONFIG_OPTION, { flags: '--json', description: 'print JSON' }],
  examples: [
    { line: 'archeion registry ls', why: 'the repositories of archeion dev' },
    {
      line: 'archeion registry ls tools/hello --directory /srv/registry --json',
      why: 'the tags of one: digest, media type and size of the manifest, when it was pushed and by whom',
    },
  ],
  async run(input, io) {
    const { openRegistry } = await import('./command-store.ts');
    const [name] = input.args;
    const repository = name === undefined ? undefined : requireRepository(name);
    const { storage } = await openRegistry(input);
    const isJson = input.options['json'] === true;
    if (repository === undefined) await printRepositories(storage, isJson, io);
    else await printTags({ storage, repository, isJson }, io);
    return EXIT.done;
  },
};

async function printRepositories(
  storage: StorageDriver,
  isJson: boolean,
  { out }: CommandIo,
): Promise<void> {
  const { listRepositories } = await import('../../registry/pull/catalog.ts');
  const repositories = await listRepositories(storage);
  out(isJson ? `${JSON.stringify({ repositories })}\n` : repositories.map(line).join(''));
}

function line(text: string): string {
  return `${text}\n`;
}

interface TagListing {
  readonly storage: StorageDriver;
  readonly repository: string;
  readonly isJson: boolean;
}

async function printTags(
  { storage, repository, isJson }: TagListing,
  { out }: CommandIo,
): Promise<void> {
  const { streamTags } = await import('../../registry/pull/catalog.ts');
  const { requireKnown } = await import('./registry-folder.ts');
  const place = { storage, repository };
  await requireKnown(place);
  if (!isJson) {
    for await (const entry of streamTags(place)) out(tagLine(entry));
    return;
  }
  const list = openJsonList(out, 'tags', { repository });
  for await (const entry of streamTags(place)) list.add(jsonOf(entry));
  list.end();
}

function jsonOf({ tag, digest, mediaType, size, pushedAt, pushedBy }: TagEntry) {
  return { tag, digest, mediaType, size, pushedAt: timeText(pushedAt), pushedBy };
}

function tagLine({ tag, digest, mediaType, size, pushedAt }: TagEntry): string {
  const columns = [tag.padEnd(24), digest, String(size).padStart(7), timeText(pushedAt), mediaType];
  return line(columns.join('  '));
}

/** A record without a time is damaged, which is no reason to hide the others: `registry verify` tells. */
function timeText(milliseconds: number): string {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? '-' : time.toISOString();
}
