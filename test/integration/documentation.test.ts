// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const READMES = ['README.md', 'README.zh-CN.md'] as const;

/** Every page, by its path from the root, without what stands in code blocks. */
async function allPages(): Promise<ReadonlyMap<string, string>> {
  const below = await readdir(join(ROOT, 'docs'), { recursive: true });
  const files = [...(await readdir(ROOT)), ...below.map((file) => join('docs', file))];
  const pages = files.filter((file) => file.endsWith('.md')).sort();
  const texts = await Promise.all(pages.map((page) => readFile(join(ROOT, page), 'utf8')));
  return new Map(pages.map((page, index) => [page, withoutCode(texts[index] ?? '')]));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
}

/** What a page links to in this repository: paths from the root, perhaps with an anchor. */
function linksOf(page: string, text: string): readonly string[] {
  return Array.from(text.matchAll(/\]\(([^()\s]+)\)/g), ([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
      return anchor === undefined ? file : `${file}#${anchor}`;
    });
}

/** The anchors that headings get where the repository is read. */
function anchorsOf(text: string): readonly string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link leads to a file that is there, and every anchor to a heading of its page', async () => {
  const pages = await allPages();
  const links = [...pages].flatMap(([page, text]) =>
    linksOf(page, text).map((target) => ({ page, target })),
  );
  expect(links.length).toBeGreaterThan(100);
  const broken = links.filter(({ target }) => {
    const [file = '', anchor] = target.split('#');
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchorsOf(pages.get(file) ?? '').includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(READMES)('%s names every page but single decisions', async (readme) => {
  const pages = await allPages();
  const named = linksOf(readme, pages.get(readme) ?? '');
  const wanted = [...pages.keys()].filter((page) => /^docs\/[^/]+\/[^/]+$/.test(page));
  expect(wanted.filter((page) => !named.includes(page))).toEqual([]);
  expect(named).toContain('docs/explanation/decisions');
});

test('both READMEs show the same commands, settings and output', async () => {
  const [english, chinese] = await Promise.all(
    READMES.map(async (readme) => {
      const text = await readFile(join(ROOT, readme), 'utf8');
      const blocks = Array.from(
        text.matchAll(/^```\w+\n([\s\S]*?)^```$/gm),
        ([, block = '']) => block,
      );
      return blocks.map((block) => block.replaceAll(/ +# .*$/gm, ''));
    }),
  );
  expect(english?.length).toBeGreaterThan(3);
  expect(chinese).toEqual(english);
});
