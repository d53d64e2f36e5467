// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { thirdPartyLicenses } from '../../scripts/third-party-licenses.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-licences-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('a package is named once with its licence and its notice, however many of its files are in', async () => {
  await makePackage('plain', { LICENSE: 'Do as you like.\n', NOTICE: 'Made by somebody.\n' });
  const text = thirdPartyLicenses([fileOf('plain', 'a.js'), fileOf('plain', 'deep/b.js')]);
  expect(text.match(/^plain 1\.2\.3 \(MIT\)$/gm)).toHaveLength(1);
  expect(text).toContain('Do as you like.\n\nMade by somebody.\n');
});

test('a package in a scope, or below another package, counts as itself', async () => {
  await makePackage('@scope/inner', { 'LICENCE.md': 'Scoped.' });
  await makePackage('outer/node_modules/below', { 'license.txt': 'Below.' });
  const files = [fileOf('@scope/inner', 'a.js'), fileOf('outer/node_modules/below', 'a.js')];
  const text = thirdPartyLicenses(files);
  expect(text).toMatch(/^@scope\/inner 1\.2\.3[\s\S]*Scoped\.[\s\S]*^below 1\.2\.3[\s\S]*Below\./m);
});

test('a package without a licence file cannot be shipped', async () => {
  await makePackage('bare', { 'README.md': 'MIT, honestly' });
  expect(() => thirdPartyLicenses([fileOf('bare', 'a.js')])).toThrow('has no licence file');
});

test('a package under the Apache licence that leaves out its text gets ours', async () => {
  await makePackage('apache', { 'README.md': 'Apache', NOTICE: 'Made by others.' }, 'Apache-2.0');
  const text = thirdPartyLicenses([fileOf('apache', 'a.js')]);
  expect(text).toMatch(
    /^apache 1\.2\.3[\s\S]*Made by others\.[\s\S]*Apache License\s+Version 2\.0/m,
  );
});

test('our own files need none here', () => {
  expect(thirdPartyLicenses([join(folder, 'src', 'main.ts')])).not.toContain('===');
});

function fileOf(name: string, file: string): string {
  return join(folder, 'node_modules', name, file);
}

async function makePackage(
  name: string,
  files: Readonly<Record<string, string>>,
  license = 'MIT',
): Promise<void> {
  const home = join(folder, 'node_modules', name);
  await mkdir(home, { recursive: true });
  const about = { name: name.replace(/^.*node_modules\//, ''), version: '1.2.3', license };
  await writeFile(join(home, 'package.json'), JSON.stringify(about));
  for (const [file, text] of Object.entries(files)) await writeFile(join(home, file), text);
}
