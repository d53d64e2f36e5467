// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { packageFile } from './package-files.ts';

/** The package's version. */
export const VERSION = versionIn(readFileSync(packageFile('package.json'), 'utf8'));

function versionIn(text: string): string {
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
