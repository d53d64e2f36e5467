// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { mustRun } from '../support/processes.ts';

/** Compiles the package once: these tests run what is shipped, not the sources. */
export async function setup(): Promise<void> {
  await mustRun(process.execPath, [
    fileURLToPath(new URL('../../scripts/build.ts', import.meta.url)),
  ]);
}
