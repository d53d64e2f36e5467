// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';

const LARGE = 60_000;

/** A run with some limits, from a registry that has a layer of 60,000 bytes. */
async function runWith({ source = {}, target = {} }) {
  const { source: images, storage } = await registryFolder();
  const content = 'x'.repeat(LARGE);
  images.tag('large', addImage(images, content).digest);
  await importImage({
    source: images,
    storage,
    repository: 'team/app',
    tag: 'large',
    reference: 'large',
  });
  const server = await startTestServer(pullHandler({ storage, log: silentLog }));
  const folder = await temporaryFolder();
  const config = join(folder, 'mirror.yaml');
  const document = {
    source: { url: server.url, repositories: ['team/app', 'other'], ...source },
    targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' }, ...target }],
  };
  await writeFile(config, stringify(document));
  const start = performance.now();
  expect(await runCommand(['mirror', 'run', '--yes', '--config', config])).toMatchObject({
    exit: 0,
    err: '',
  });
  return { seconds: (performance.now() - start) / 1_000, requests: server.lines.length };
}

test('a registry is asked no more often than its limit allows', async () => {
  const limits = { requestsPerSecond: 20 };
  const { seconds, requests } = await runWith({ source: { limits } });
  expect(requests).toBeGreaterThan(20);
  expect(seconds).toBeGreaterThanOrEqual((requests - 5 - 1) / 20);
});

test.each([
  ['read', { source: { limits: { bytesPerSecond: '64KiB' } } }],
  ['written', { target: { limits: { bytesPerSecond: '64KiB' } } }],
])('bytes are %s no faster than their limit allows', async (_, limits) => {
  const { seconds } = await runWith(limits);
  expect(seconds).toBeGreaterThanOrEqual((LARGE - 16_384) / 65_536);
});
