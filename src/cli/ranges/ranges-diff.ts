// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { diffRanges, type RangeDiff } from '../../core/net/range-diff.ts';
import type { RangeEntry, RangeFeedResult } from '../../core/net/range-feeds/range-feed.ts';
import { folderCopies } from '../../ranges/copies.ts';
import { feedFile, feedName, parseFeed, type RangeFeed } from '../../ranges/feed-files.ts';
import { previousFile } from '../../ranges/last-good-copy.ts';
import { type Command, type CommandIo, EXIT, UsageError } from '../command.ts';
import type { RangeSettings } from '../front/ranges-settings.ts';
import { JSON_OPTION, openSettings, RANGE_OPTIONS } from './ranges-input.ts';

export const rangesDiff: Command = {
  name: 'ranges diff',
  summary: 'say which addresses moved between two copies of a feed',
  args: [
    { name: '[old]', description: 'a copy, in any of the formats; without it, the previous ones' },
    { name: '[new]', description: 'a later one of the same feed' },
  ],
  options: [...RANGE_OPTIONS, JSON_OPTION],
  examples: [
    { line: 'archeion ranges diff --config archeion.yaml', why: 'what the last refresh changed' },
    {
      line: 'archeion ranges diff ip-ranges-may.json ip-ranges-june.json',
      why: 'two files from anywhere',
    },
  ],
  async run(input, io) {
    const [old, now] = input.args;
    if (old !== undefined && now === undefined) {
      throw new UsageError('give two files to compare, or none for the copies of a folder');
    }
    const diffs =
      old === undefined || now === undefined
        ? await diffCopies(await openSettings(input, io), io)
        : [{ feed: now, diff: diffRanges(await readAnyFeed(old), await readAnyFeed(now)) }];
    const { diffData, diffText } = await import('./ranges-text.ts');
    const asJson = input.options['json'] === true;
    io.out(
      asJson
        ? `${JSON.stringify(diffs.map(({ feed, diff }) => ({ feed, diff: diffData(diff) })))}\n`
        : diffs.map(({ feed, diff }) => `${feed}: ${diffText(diff)}`).join(''),
    );
    return EXIT.done;
  },
};

interface FeedDiff {
  readonly feed: string;
  readonly diff: RangeDiff;
}

/** Of each feed, the copy that is there beside the one it replaced. */
async function diffCopies(
  { folder, sources }: RangeSettings,
  io: CommandIo,
): Promise<readonly FeedDiff[]> {
  const { read } = folderCopies(folder);
  const diffs: FeedDiff[] = [];
  for (const { feed } of sources) {
    const [old, now] = await Promise.all([read(previousFile(feed)), read(feedFile(feed))]);
    if (old === undefined || now === undefined) {
      io.err(`archeion: ${feedName(feed)}: there are no two copies to compare\n`);
      continue;
    }
    const [before, after] = [parseFeed(feed, old), parseFeed(feed, now)];
    if (before.ok && after.ok) {
      diffs.push({ feed: feedName(feed), diff: diffRanges(before.entries, after.entries) });
    } else io.err(`archeion: ${feedName(feed)}: a copy cannot be read\n`);
  }
  return diffs;
}

const PROVIDERS = ['aws', 'gcp', 'azure', 'oracle'] as const;

/** A file says by its form whose it is, whatever it is called. */
async function readAnyFeed(path: string): Promise<readonly RangeEntry[]> {
  const text = await readFile(path, 'utf8');
  const feeds: readonly RangeFeed[] = [...PROVIDERS, { kind: 'geofeed', name: 'geofeed' }];
  for (const feed of feeds) {
    const result: RangeFeedResult = parseFeed(feed, text);
    if (result.ok) return result.entries;
  }
  throw new UsageError(`"${path}" is in none of the formats of feeds`);
}
