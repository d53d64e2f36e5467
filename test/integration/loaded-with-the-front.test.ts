// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mustRun } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const LOADED = `
  await import('./src/cli/front/compose.ts');
  process.stdout.write(process.moduleLoadList.join('\\n'));
`;

// Each of them takes longer to load, and more memory, than all of the front does.
test('the front loads no HTTP client, no TLS and no exposition of metrics before it needs them', async () => {
  const args = ['--input-type=module', '--eval', LOADED];
  const loaded = (await mustRun(process.execPath, args, { cwd: ROOT })).split('\n');
  expect(loaded).toContain('NativeModule _http_server');
  expect(loaded.filter((name) => /undici|tls|https|cluster/.test(name))).toEqual([]);
});
