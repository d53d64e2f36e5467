// SPDX-License-Identifier: Apache-2.0
import { dispatch } from './cli/dispatch.ts';

const stop = new AbortController();
/** One Ctrl-C may arrive twice: from the terminal, and once more from a parent such as npm that passes it on. */
const SAME_WISH = 1_000;
let askedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks to finish what is under way; one that comes later does not ask.
    if (stop.signal.aborted && performance.now() - askedAt > SAME_WISH) process.exit(130);
    if (!stop.signal.aborted) askedAt = performance.now();
    stop.abort(signal);
  });
}

// A reader that has seen enough (`| head`) is no failure of ours; the code is that of a death by SIGPIPE.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(141);
  throw error;
});

process.exitCode = await dispatch(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal() {
    const { isTTY, columns, rows } = process.stderr;
    // A terminal that does not say how large it is says 0.
    return isTTY ? { columns: columns || 80, rows: rows || 24 } : undefined;
  },
  // Opened when it is asked for: an open standard input would keep the process.
  get input() {
    return process.stdin;
  },
  env: process.env,
  stop: stop.signal,
  onHangup(listener) {
    process.on('SIGHUP', listener);
    return () => process.off('SIGHUP', listener);
  },
});
