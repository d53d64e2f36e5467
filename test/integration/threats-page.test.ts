// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** `21 src/a.test.ts` for every row of the page and every file that it names. */
async function pageSays(): Promise<string[]> {
  const page = await readFile(join(ROOT, 'docs/explanation/threats.md'), 'utf8');
  return [...page.matchAll(/^\| (\d+) \|.*$/gm)].flatMap(([row, number]) =>
    Array.from(row.matchAll(/\(\.\.\/\.\.\/([^)]+)\)/g), ([, file]) => `${number} ${file}`),
  );
}

/** The same, for every test that is named after a threat. */
async function testsSay(): Promise<string[]> {
  const below = await Promise.all(
    ['src', 'test'].map(async (folder) => {
      const files = await readdir(join(ROOT, folder), { recursive: true });
      return files.filter((file) => file.endsWith('.test.ts')).map((file) => join(folder, file));
    }),
  );
  const found = await Promise.all(
    below.flat().map(async (file) => {
      const text = await readFile(join(ROOT, file), 'utf8');
      return Array.from(text.matchAll(/threat (\d+):/g), ([, number]) => `${number} ${file}`);
    }),
  );
  return [...new Set(found.flat())];
}

test('the page on threats names every test of every threat, and no other', async () => {
  const said = await pageSays();
  expect(said.length).toBeGreaterThan(50);
  expect(said.toSorted()).toEqual((await testsSay()).toSorted());
});
