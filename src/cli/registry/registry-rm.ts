// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { RemovalError } from '../../registry/remove/removal-error.ts';
import type { RemoveOptions, RemoveResult } from '../../registry/remove/remove.ts';
import { type Command, type CommandInput, EXIT, UsageError } from '../command.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION } from './registry-options.ts';
import { requireStoredName, type StoredName } from './stored-name.ts';

/** Far longer than a registry takes from looking at what a push relies on to acknowledging the push. */
const SETTLE = 1_000;

export const registryRm: Command = {
  name: 'registry rm',
  summary:
    'remove a tag, a manifest with its tags, or a whole repository, and bytes that nobody holds any more',
  args: [{ name: '<name>', description: '`NAME:TAG`, `NAME@DIGEST` or `NAME`' }],
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    {
      flags: '-r, --recursive',
      description:
        'also what nothing else leads to: the manifest of the tag, the platforms it lists, signatures and other referrers; beside pushes of the same content that stand still for a second, leave it to `registry collect`',
    },
    { flags: '-y, --yes', description: 'needed to remove a whole repository' },
    { flags: '--json', description: 'print the result as JSON' },
  ],
  examples: [
    {
      line: 'archeion registry rm tools/hello:v1 --recursive --directory /srv/registry',
      why: 'a tag and the image that only it leads to; a server may be running',
    },
    {
      line: 'archeion registry rm tools/hello:v1',
      why: 'the tag alone: the image can still be had by its digest',
    },
    { line: 'archeion registry rm tools/hello --yes', why: 'the whole repository' },
  ],
  async run(input, io) {
    const name = requireStoredName(input.args[0] ?? '');
    if (name.reference === undefined && input.options['yes'] !== true) {
      throw new UsageError(
        `"${name.repository}" is a whole repository: say --yes to remove it, or name a tag`,
      );
    }
    const { openRegistry, tellAs } = await import('./command-store.ts');
    const place = await openRegistry(input);
    const { repository } = name;
    const tell = await tellAs(place, { repository, by: 'archeion registry rm' });
    const result = await orRefusal(
      remove(name, {
        storage: place.storage,
        tell,
        repository,
        recursive: input.options['recursive'] === true,
        settle: () => sleep(SETTLE),
      }),
    );
    if (typeof result === 'string') {
      io.err(`archeion: ${result}\n`);
      return EXIT.refused;
    }
    io.out(isJson(input) ? `${JSON.stringify(result)}\n` : await textOf(name.repository, result));
    return result.lost.length > 0 ? EXIT.partlyFailed : EXIT.done;
  },
};

function isJson(input: CommandInput): boolean {
  return input.options['json'] === true;
}

async function remove({ reference }: StoredName, options: RemoveOptions): Promise<RemoveResult> {
  const { removeManifest, removeRepository, removeTag } = await import(
    '../../registry/remove/remove.ts'
  );
  if (reference === undefined) return removeRepository(options);
  if (reference.kind === 'tag') return removeTag(options, reference.tag);
  return removeManifest(options, reference.digest);
}

/** The text of a refusal. */
async function orRefusal(removal: Promise<RemoveResult>): Promise<RemoveResult | string> {
  try {
    return await removal;
  } catch (error) {
    if (error instanceof RemovalError && error.code === 'needed') return error.message;
    throw error;
  }
}

async function textOf(repository: string, result: RemoveResult): Promise<string> {
  const { sizeText } = await import('../size-text.ts');
  const { tags, manifests, blobs, freed, kept, lost } = result;
  const lines = [
    ...tags.map((tag) => `removed the tag ${repository}:${tag}`),
    ...manifests.map((digest) => `removed the manifest ${repository}@${digest}`),
    `freed ${sizeText(freed)} of ${blobs} blobs and manifests`,
    ...(kept === undefined ? [] : [`the manifest stays: ${kept}`]),
    ...lost.map((digest) => `${digest} was pushed at the same moment and went: push it again`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
