// SPDX-License-Identifier: Apache-2.0
import { dispatch } from '../../src/cli/dispatch.ts';

export interface CommandResult {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Lines of JSON that say how far a mirror run was, taken out of `err`; left out where there are none. */
  readonly progress?: readonly string[];
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
  const progress = lines.filter(isProgress);
  return { exit, out: said.out, err, ...(progress.length > 0 && { progress }) };
}
