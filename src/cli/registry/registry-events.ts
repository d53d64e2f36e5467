// SPDX-License-Identifier: Apache-2.0
import type { Cursor, LoggedEvent } from '../../registry/events/event-follower.ts';
import { type Command, type CommandIo, EXIT, optionText, UsageError } from '../command.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION } from './registry-options.ts';

export const registryEvents: Command = {
  name: 'registry events',
  summary: 'print what happened in a registry: pushes, tags and deletes, in their order',
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    {
      flags: '--after <cursor>',
      description: 'go on where an event ended that was printed before; left out, with the oldest',
    },
    { flags: '--follow', description: 'go on as more happens, until it is stopped' },
    { flags: '--json', description: 'print one JSON object a line' },
  ],
  examples: [
    { line: 'archeion registry events --directory /srv/registry', why: 'all that is kept' },
    { line: 'archeion registry events --config registry.yaml', why: 'of a registry over a bucket' },
    {
      line: 'archeion registry events --directory /srv/registry --after 1042-0 --follow --json',
      why: 'for a program that has kept its place',
    },
  ],
  async run(input, io) {
    const [{ openRegistry }, { logFrom, parseCursor, START }, { setTimeout: sleep }] =
      await Promise.all([
        import('./command-store.ts'),
        import('../../registry/events/event-follower.ts'),
        import('node:timers/promises'),
      ]);
    const text = optionText(input, 'after');
    let cursor: Cursor | undefined = text === undefined ? START : parseCursor(text);
    if (cursor === undefined)
      throw new UsageError(`"${text}" is no cursor: expected one as printed`);
    const { storage } = await openRegistry(input);
    const isJson = input.options['json'] === true;
    const onMissed = (batches: number) =>
      io.err(`${batches} batches of events were too old to be kept: what they told is lost\n`);
    do {
      for await (const logged of logFrom(storage, cursor, onMissed)) {
        print(logged, isJson, io);
        cursor = logged.cursor;
      }
      // Ends early when it is stopped, which is no failure.
      if (input.options['follow'] === true)
        await sleep(LOOK_EVERY, undefined, { signal: io.stop }).catch(() => undefined);
    } while (input.options['follow'] === true && !io.stop.aborted);
    return EXIT.done;
  },
};

const LOOK_EVERY = 1_000;

function print({ event, cursor }: LoggedEvent, isJson: boolean, { out }: CommandIo): void {
  const at = `${cursor.batch}-${cursor.index}`;
  if (isJson) {
    out(`${JSON.stringify({ cursor: at, ...event })}\n`);
    return;
  }
  const { time, type, repository, tag, digest = '-', by } = event;
  const what = tag === undefined ? repository : `${repository}:${tag}`;
  const columns = [at.padEnd(8), time, type.padEnd(16), what, digest, ...(by ? [by] : [])];
  out(`${columns.join('  ')}\n`);
}
