// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

export interface Snippet {
  /** Of the block as the page marks it: `sh`, `toml`, `yaml`. */
  readonly language: string;
  readonly text: string;
}

/** The code blocks of a page, in their order. */
export async function snippetsOf(page: string): Promise<readonly Snippet[]> {
  const text = await readFile(join(DOCS, page), 'utf8');
  const blocks = text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, language = '', block = '']) => ({ language, text: block }));
}

/** The files that a page shows: those whose first line is a comment that begins with their path. */
export async function filesOn(page: string, path: string): Promise<readonly string[]> {
  const named = (await snippetsOf(page)).filter(({ text }) => {
    const [first = ''] = text.split('\n');
    return first === `# ${path}` || first.startsWith(`# ${path},`);
  });
  if (named.length === 0) throw new Error(`${page} shows no "${path}"`);
  return named.map(({ text }) => text);
}

/** The commands of one program on a page, one line each. */
export async function commandsOn(page: string, program: string): Promise<readonly string[]> {
  const shells = (await snippetsOf(page)).filter(({ language }) => language === 'sh');
  const lines = shells.flatMap(({ text }) => text.split('\n'));
  const found = lines.filter((line) => line.startsWith(`${program} `));
  if (found.length === 0) throw new Error(`${page} has no command of ${program}`);
  return found;
}
