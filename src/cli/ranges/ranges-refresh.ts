// SPDX-License-Identifier: Apache-2.0
import type { RefreshOutcome } from '../../ranges/refresh.ts';
import { type Command, EXIT, type ExitCode, UsageError } from '../command.ts';
import { JSON_OPTION, openSettings, RANGE_OPTIONS } from './ranges-input.ts';

export const rangesRefresh: Command = {
  name: 'ranges refresh',
  summary: "fetch the clouds' address ranges, unless a feed is not to be believed",
  options: [
    ...RANGE_OPTIONS,
    {
      flags: '-f, --feed <feeds...>',
      description:
        'with --directory, `NAME` or `NAME=URL`: aws, gcp, oracle, azure, or a name for a geofeed',
    },
    { flags: '--force', description: 'take what the guard refuses' },
    JSON_OPTION,
  ],
  examples: [
    {
      line: 'archeion ranges refresh --config archeion.yaml',
      why: 'every feed of the configuration, into its folder',
    },
    {
      line: 'archeion ranges refresh --directory ranges --feed aws --feed gcp',
      why: 'two feeds, without a configuration',
    },
  ],
  async run(input, io) {
    const { folder, sources, guard } = await openSettings(input, io);
    if (sources.length === 0) throw new UsageError('no feed is named: nothing to fetch');
    const [{ refreshFeeds }, { folderCopies }, { fetchFeed }, { outcomeText, outcomeData }] =
      await Promise.all([
        import('../../ranges/refresh.ts'),
        import('../../ranges/copies.ts'),
        import('../../upstream/feed-fetch.ts'),
        import('./ranges-text.ts'),
      ]);
    const outcomes = await refreshFeeds(
      sources,
      { ...guard, isForced: input.options['force'] === true },
      {
        fetch: (url, { etag }) => fetchFeed(url, { etag, signal: io.stop }),
        copies: folderCopies(folder),
        now: Date.now,
      },
    );
    const asJson = input.options['json'] === true;
    io.out(
      asJson
        ? `${JSON.stringify(outcomes.map(outcomeData))}\n`
        : outcomes.map(outcomeText).join(''),
    );
    return exitOf(outcomes);
  },
};

/** A refusal before all: it stays until somebody looks at it, while a provider that is down comes back. */
function exitOf(outcomes: readonly RefreshOutcome[]): ExitCode {
  const failed = outcomes.filter(({ kind }) => kind === 'failed').length;
  if (outcomes.some(({ kind }) => kind === 'refused')) return EXIT.refused;
  if (failed === 0) return EXIT.done;
  return failed === outcomes.length ? EXIT.failed : EXIT.partlyFailed;
}
