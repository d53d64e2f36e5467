// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;
const LICENCE = /^licen[cs]e/i;
/** The Apache licence wants it carried along where there is one. */
const NOTICE = /^notice/i;
/** Some packages under the Apache licence say so and leave out its text, which is that of our own. */
const APACHE = { license: 'Apache-2.0', file: join(import.meta.dirname, '../LICENSE') };
/** The bundler's own few lines between the modules. */
const BUNDLER_RUNTIME = '\0rolldown/';

/** The licence of every package that one of these files belongs to. A package without one must not be shipped. */
export function thirdPartyLicenses(files: readonly string[]): string {
  const folders = new Set(files.flatMap(packageFolder));
  const parts = [...folders].map(describePackage).sort();
  return `Archeion contains these packages, each under its own licence.\n${parts.join('')}`;
}

function packageFolder(file: string): string[] {
  if (file.startsWith(BUNDLER_RUNTIME)) {
    return [dirname(createRequire(import.meta.url).resolve('rolldown/package.json'))];
  }
  return PACKAGE.exec(file)?.slice(0, 1) ?? [];
}

function describePackage(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const names = readdirSync(folder).sort();
  const files = names
    .filter((file) => LICENCE.test(file) || NOTICE.test(file))
    .map((file) => join(folder, file));
  if (!names.some((file) => LICENCE.test(file))) {
    if (license !== APACHE.license) {
      throw new Error(`"${folder}" has no licence file: it cannot be bundled`);
    }
    files.push(APACHE.file);
  }
  const texts = files.map((file) => readFileSync(file, 'utf8').trim());
  const rule = '='.repeat(100);
  return `\n${rule}\n${name} ${version} (${license})\n${rule}\n\n${texts.join('\n\n')}\n`;
}
