// SPDX-License-Identifier: Apache-2.0
import { dispatch } from './cli/dispatch.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks to finish what is under way; the second does not ask.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(signal);
  });
}

process.exitCode = await dispatch(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  stop: stop.signal,
  onHangup(listener) {
    process.on('SIGHUP', listener);
    return () => process.off('SIGHUP', listener);
  },
});
