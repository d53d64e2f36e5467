// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** The package's version: `package.json` lies two folders up both in a checkout and in the built package. */
export const VERSION = versionIn(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

function versionIn(text: string): string {
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
