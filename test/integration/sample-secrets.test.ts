// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SAMPLE_HASHES } from '../../src/registry/access/sample-secrets.ts';

const ROOT = join(import.meta.dirname, '../..');
const HASH = /\$(?:2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|scrypt\$[^\s`'"]+)/g;

/** All that is printed for people to copy. */
async function pages(): Promise<string> {
  const below = await Promise.all(
    ['docs', 'data'].map(async (folder) => {
      const files = await readdir(join(ROOT, folder), { recursive: true });
      return files.filter((file) => /\.(md|ya?ml)$/.test(file)).map((file) => join(folder, file));
    }),
  );
  const files = ['README.md', 'README.zh-CN.md', ...below.flat()];
  return (await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')))).join('\n');
}

test('threat 13: no secret of our own pages would be accepted', async () => {
  const text = await pages();
  const hashes = text.match(HASH) ?? [];
  expect(hashes.length).toBeGreaterThan(0);
  expect(hashes.filter((hash) => !SAMPLE_HASHES.has(hash))).toEqual([]);
  expect(text).not.toContain('PRIVATE KEY');
});
