// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, optionText, UsageError } from '../command.ts';
import { untilAborted } from '../until-aborted.ts';

const HIGHEST_BASE = 65_531;

export const dev: Command = {
  name: 'dev',
  summary: 'run everything on this machine, with a sample image: front, registry, two backends',
  options: [
    {
      flags: '-p, --port-base <port>',
      description:
        'the front listens here, the others on the four ports above; 0 takes any free ones',
      default: '8080',
    },
    { flags: '-d, --data <dir>', description: 'where it keeps everything', default: '.archeion' },
  ],
  examples: [
    { line: 'archeion dev', why: 'have a look; npm start does the same' },
    { line: 'archeion dev --port-base 9000 --data ./another', why: 'beside another one' },
  ],
  async run(input, io) {
    const base = parseBase(optionText(input, 'portBase') ?? '8080');
    const folder = optionText(input, 'data') ?? '.archeion';
    const [{ lockFolder }, { openDev }, { openLog }] = await Promise.all([
      import('./dev-lock.ts'),
      import('./dev-services.ts'),
      import('../../log.ts'),
    ]);
    const unlock = await lockFolder(folder);
    try {
      const services = await openDev({ base, folder, log: openLog('info', io.err) });
      io.out(services.tour);
      await untilAborted(io.stop);
      await services.stop();
    } finally {
      await unlock();
    }
    return EXIT.done;
  },
};

function parseBase(text: string): number {
  const base = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (base <= HIGHEST_BASE) return base;
  throw new UsageError(`--port-base ${text}: expected a number up to ${HIGHEST_BASE}`);
}
