// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { folderCopies, type RangeCopies } from '../../ranges/copies.ts';
import { feedFile } from '../../ranges/feed-files.ts';
import { type FeedSource, feedOfName, feedSource } from '../../ranges/feed-urls.ts';
import { type CommandInput, type CommandIo, optionText, UsageError } from '../command.ts';
import type { RangeSettings } from '../front/ranges-settings.ts';

/** What the commands about ranges have in common. */
export const RANGE_OPTIONS = [
  {
    flags: '-c, --config <file>',
    description: "the configuration that names the feeds; else the environment's, as for serve",
  },
  {
    flags: '-d, --directory <dir>',
    description: 'a folder of copies, instead of a configuration',
  },
] as const;

export const JSON_OPTION = { flags: '--json', description: 'print JSON' } as const;

/** From the folder that was given, with the feeds that were named or else lie there; or from a configuration. */
export async function openSettings(input: CommandInput, io: CommandIo): Promise<RangeSettings> {
  const directory = optionText(input, 'directory');
  const named = namedFeeds(input);
  if (directory === undefined) {
    if (named.length > 0) throw new UsageError('--feed goes with --directory');
    const [{ loadConfig }, { rangeSettings }] = await Promise.all([
      import('../load-config.ts'),
      import('../front/ranges-settings.ts'),
    ]);
    return rangeSettings(await loadConfig(optionText(input, 'config'), io.env));
  }
  if (optionText(input, 'config') !== undefined) {
    throw new UsageError('give --config or --directory, not both');
  }
  const folder = resolve(directory);
  const sources = named.length > 0 ? named : await feedsIn(folderCopies(folder));
  const { CloudRanges } = await import('../../config/cloud-ranges.ts');
  const { guard, refresh } = CloudRanges.parse({});
  return { folder, sources, guard, own: [], refresh };
}

function namedFeeds(input: CommandInput): readonly FeedSource[] {
  const { feed } = input.options;
  return Array.isArray(feed) ? feed.map(String).map(namedFeed) : [];
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

function namedFeed(text: string): FeedSource {
  const [name = '', ...rest] = text.split('=');
  const url = rest.length === 0 ? undefined : rest.join('=');
  if (!NAME.test(name)) throw new UsageError(`"${name}" is no name of a feed`);
  if (url !== undefined && !/^(?:https?|file):$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new UsageError(`"${url}" is no http, https or file URL`);
  }
  return feedSource(feedOfName(name), url);
}

async function feedsIn(copies: RangeCopies): Promise<readonly FeedSource[]> {
  const files = await copies.list();
  return [...files].sort().flatMap((file) => {
    const feed = feedOfName(file.replace(/\.(?:json|csv)$/, ''));
    return feedFile(feed) === file ? [feedSource(feed, undefined)] : [];
  });
}
