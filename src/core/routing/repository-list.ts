// SPDX-License-Identifier: Apache-2.0
import { isRepositoryPattern } from './known-repositories.ts';

/** What a source says which repositories there are. */
export type RepositoryListResult =
  | {
      readonly ok: true;
      readonly patterns: readonly string[];
      /** Names that nobody could ask for. */
      readonly skipped: number;
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a list of repositories, a name or `name/*` a line; `#` begins a comment. One line that is wrong makes the
 * whole list wrong: half a list would hide the other half of the repositories.
 */
export function parseRepositoryList(text: string): RepositoryListResult {
  const patterns: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const pattern = line.replace(/#.*/s, '').trim();
    if (pattern === '') continue;
    if (!isRepositoryPattern(pattern)) {
      return { ok: false, problem: `line ${index + 1} is no repository name and no "name/*"` };
    }
    patterns.push(pattern);
  }
  if (patterns.length === 0) return { ok: false, problem: 'it names no repository' };
  return { ok: true, patterns, skipped: 0 };
}
