// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { reapEvents } from '../../src/registry/events/reap-events.ts';
import { ensureLayout } from '../../src/registry/store/ensure-layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { registryClient } from '../support/registry-client.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { imageOf, pushImage } from '../support/registry-pushes.ts';
import { runCommand } from '../support/run-command.ts';
import { startCommand, startRegistry } from '../support/running-command.ts';

const IMAGE = imageOf('layer');

/** A registry in a folder, with one image. */
async function filled() {
  const folder = await temporaryFolder();
  const storage = filesystemDriver(folder);
  await ensureLayout(storage);
  const events = openEventLog(storage);
  const client = registryClient({ storage, events });
  await pushImage({ client, repository: 'app', reference: 'v1' }, IMAGE);
  return { folder, storage, events, client };
}

const print = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'events', '--directory', folder, ...args]);

test('events are printed in their order, for people and for programs, from any cursor on', async () => {
  const { folder } = await filled();
  const { exit, out } = await print(folder);
  expect(exit).toBe(0);
  expect(out).toMatch(/^1-1 .*manifest\.pushed {3}app {2}sha256:.*\n2-0 .*tag\.set .*app:v1 /);
  const { out: json } = await print(folder, '--json', '--after', '1-1');
  expect(JSON.parse(json)).toMatchObject({
    cursor: '2-0',
    type: 'tag.set',
    repository: 'app',
    tag: 'v1',
    digest: digestOf(IMAGE),
    size: IMAGE.length,
  });
  expect((await print(folder, '--after', '2-0')).out).toBe('');
});

test('the registry may be named by its configuration, which may be over a bucket', async () => {
  const { folder } = await filled();
  const file = join(await temporaryFolder(), 'registry.yaml');
  await writeFile(file, `storage: { kind: filesystem, directory: ${folder} }\n`);
  const { exit, out } = await runCommand(['registry', 'events', '--config', file]);
  expect(exit).toBe(0);
  expect(out).toBe((await print(folder)).out);
});

test('what is no cursor is refused, and what was not kept is said to be lost', async () => {
  const { folder, storage, events, client } = await filled();
  expect((await print(folder, '--after', 'yesterday')).exit).toBe(2);
  await client.ask('DELETE', 'app/manifests/v1');
  await client.ask('DELETE', `app/manifests/${digestOf(IMAGE)}`);
  const { append } = events;
  await reapEvents({ storage, append, now: Date.now() + 1e9, keep: 1 });
  const { out, err } = await print(folder, '--after', '2-0');
  expect(err).toContain('1 batches of events were too old');
  expect(out).toContain('manifest.deleted');
});

test('a follower prints what happens in a registry that is serving, until it is stopped', async () => {
  const { folder } = await filled();
  const registry = await startRegistry(['--directory', folder, '--port', '0']);
  onTestFinished(async () => void (await registry.stop()));
  const line = ['registry', 'events', '--directory', folder, '--after', '2-0', '--follow'];
  const follower = startCommand(line);
  await fetch(`${registry.url}/v2/app/manifests/v1`, { method: 'DELETE' });
  await expect.poll(() => follower.printed(), { timeout: 5_000 }).toContain('tag.deleted');
  expect(await follower.stop()).toBe(0);
});
