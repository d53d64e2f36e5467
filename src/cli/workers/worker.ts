// SPDX-License-Identifier: Apache-2.0
import { type Command, UsageError } from '../command.ts';

/** One of the processes of `archeion serve --workers`, which starts it. */
export const worker: Command = {
  name: 'worker',
  summary: 'one of the processes of "archeion serve --workers", which starts it',
  examples: [],
  async run(_, io) {
    const [{ openPrimary }, { serveAsWorker }] = await Promise.all([
      import('./worker-primary.ts'),
      import('./serve-as-worker.ts'),
    ]);
    const primary = openPrimary();
    if (primary !== undefined) return serveAsWorker(primary, io);
    throw new UsageError('"archeion serve --workers" starts this, and nobody else can');
  },
};
