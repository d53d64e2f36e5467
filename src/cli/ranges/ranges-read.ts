// SPDX-License-Identifier: Apache-2.0
import type { RangeEntry } from '../../core/net/range-feeds/range-feed.ts';
import { folderCopies } from '../../ranges/copies.ts';
import { feedName, readFeedFiles } from '../../ranges/feed-files.ts';
import { type CommandIo, UsageError } from '../command.ts';
import type { RangeSettings } from '../front/ranges-settings.ts';

/** One feed, or the configuration's own prefixes (`static`). */
export interface ReadRanges {
  readonly feed: string;
  readonly entries: readonly RangeEntry[];
}

/** The copies that are there, in the order in which they win. One that cannot be read is named and left out. */
export async function readRanges(
  { folder, sources, own }: RangeSettings,
  io: CommandIo,
): Promise<readonly ReadRanges[]> {
  if (sources.length === 0 && own.length === 0) {
    throw new UsageError('there are no ranges: no feed is named, and none lies in the folder');
  }
  const { read } = folderCopies(folder);
  const published = await Promise.all(
    sources.map(async ({ feed }) => {
      const { entries, problems } = await readFeedFiles(read, [feed]);
      for (const { problem } of problems) io.err(`archeion: ${feedName(feed)}: ${problem}\n`);
      return { feed: feedName(feed), entries };
    }),
  );
  return own.length === 0 ? published : [{ feed: 'static', entries: own }, ...published];
}
