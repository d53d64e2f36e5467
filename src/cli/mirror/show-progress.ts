// SPDX-License-Identifier: Apache-2.0
import type { CommandIo } from '../command.ts';
import type { MirrorProblems } from './mirror-problems.ts';
import { type MirrorProgress, openMirrorProgress } from './mirror-progress.ts';

/** On a terminal lines that are drawn over themselves, unless JSON is asked for; lines of JSON anywhere else. */
export function showProgress(
  { err, env, terminal }: CommandIo,
  problems: MirrorProblems,
  isJson: boolean,
): MirrorProgress {
  const isPlain = isJson || env['TERM'] === 'dumb' || terminal?.() === undefined;
  return openMirrorProgress({
    write: err,
    size: isPlain ? undefined : () => terminal?.() ?? SMALL,
    every(milliseconds, work) {
      const timer = setInterval(work, milliseconds);
      return () => clearInterval(timer);
    },
    now: Date.now,
    problems: problems.count,
  });
}

const SMALL = { columns: 80, rows: 24 };
