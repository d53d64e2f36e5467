// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';

// The package has every file of the program in one folder, two below its root, as this one is in a checkout.
const ROOT = new URL('../../', import.meta.url);
const IS_CHECKOUT = import.meta.url.endsWith('.ts');

/** A file that is shipped beside the program, by its path from the root of the package. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

/** How people call the program. */
export const PROGRAM = IS_CHECKOUT ? 'bin/archeion' : 'archeion';

/** What starts it. */
export const LAUNCHER = packageFile(IS_CHECKOUT ? 'bin/archeion' : 'dist/bin/archeion');
