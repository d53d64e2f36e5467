// SPDX-License-Identifier: Apache-2.0
import { dispatch } from '../../src/cli/dispatch.ts';

export interface CommandResult {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Lines of JSON among what `err` had, that say how far a mirror run was. */
  readonly progress: readonly string[];
}

/** Runs a command line to its end, in this process. */
export async function runCommand(
  line: readonly string[],
  stop = new AbortController().signal,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CommandResult> {
  const said = { out: '', err: '' };
  const exit = await dispatch(line, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env,
    stop,
    onHangup: () => () => {},
  });
  const lines = said.err.split(/(?<=\n)/);
  const isProgress = (line: string) => /^\{"time":"[^"]*","phase":/.test(line);
  const err = lines.filter((line) => !isProgress(line)).join('');
  return { exit, out: said.out, err, progress: lines.filter(isProgress) };
}
