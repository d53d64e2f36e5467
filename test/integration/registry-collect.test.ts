// SPDX-License-Identifier: Apache-2.0
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { openCollecting } from '../../src/cli/registry/registry-collecting.ts';
import { RegistrySchema } from '../../src/config/registry.ts';
import { openLog } from '../../src/log.ts';
import { blobKey } from '../../src/registry/store/layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { registryClient } from '../support/registry-client.ts';
import { registryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const collect = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'collect', '--directory', folder, ...args]);

const STRAY = 'pushed, and never referred to';
const stray = digestOf(STRAY);

/** Everything in the folder was written days ago. */
async function age(folder: string): Promise<void> {
  const before = new Date(Date.now() - 3 * 86_400_000);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), before, before);
  }
}

/** An image, and an old blob that no manifest names. */
async function filled() {
  const { folder } = await registryFolder();
  const storage = filesystemDriver(folder);
  await registryClient({ storage }).push('team/app', STRAY);
  await age(folder);
  return { folder, storage };
}

describe('archeion registry collect', () => {
  test('says what it would do, and changes nothing', async () => {
    const { folder, storage } = await filled();
    const { exit, out } = await collect(folder, '--dry-run');
    expect(exit).toBe(3);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^repository +blobs and manifests +of them manifests +bytes$/),
      expect.stringMatching(/^team\/app +1 +0 +29 bytes$/),
      'would be condemned: 1, 29 bytes',
      '',
    ]);
    expect(await storage.stat('gc/state')).toBeUndefined();
    expect((await collect(folder, '--dry-run', '--grace', '7d')).exit).toBe(0);
  });

  test('condemns, and says so as JSON; what is young stays', async () => {
    const { folder, storage } = await filled();
    await registryClient({ storage }).push('team/app', 'just now');
    const { exit, out } = await collect(folder, '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      condemned: { count: 1, bytes: STRAY.length },
      deleted: { count: 0, bytes: 0 },
      repositories: { 'team/app': { links: 1, manifests: 0, bytes: STRAY.length } },
    });
    expect(await storage.stat(blobKey(stray))).toBeDefined();
    const again = await collect(folder);
    expect(again.out).toContain('condemned before, and not for long enough: 1, 29 bytes\n');
  });

  test('takes the folder and the rules from a configuration', async () => {
    const { folder } = await filled();
    const file = join(folder, '..', `${Date.now()}-registry.yaml`);
    const collecting = 'collect: { grace: 7d, untagged: { after: 2d } }';
    await writeFile(file, `storage: { kind: filesystem, directory: ${folder} }\n${collecting}\n`);
    const config = (...args: string[]) =>
      runCommand(['registry', 'collect', '--config', file, '--dry-run', ...args]);
    expect(await config()).toMatchObject({ exit: 0, out: 'nothing to collect\n' });
    expect((await config('--grace', '24h')).exit).toBe(3);
  });

  test('refuses what is no duration, and so short a one without a word', async () => {
    const { folder } = await filled();
    expect(await collect(folder, '--grace', 'soon')).toMatchObject({ exit: 2 });
    const { exit, err } = await collect(folder, '--grace', '0s');
    expect(exit).toBe(2);
    expect(err).toContain('--yes');
  });

  test('deletes at once when that is really meant, and is stopped by somebody who collects', async () => {
    const { folder, storage } = await filled();
    const running = collect(folder, '--grace', '0s', '--yes');
    await vi.waitFor(async () => expect(await storage.stat('gc/lease')).toBeDefined());
    expect(await collect(folder)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('somebody else collects'),
    });
    const { exit, out } = await running;
    expect(exit).toBe(0);
    expect(out).toContain('deleted: 1, 29 bytes\n');
    expect(out).not.toContain('condemned');
    expect(await storage.stat(blobKey(stray))).toBeUndefined();
    const verified = await runCommand(['registry', 'verify', '--directory', folder]);
    expect(verified.exit).toBe(0);
  }, 60_000);
});

describe('a registry that serves', () => {
  const document = { storage: { kind: 'filesystem', directory: '.' } };

  test('collects when it is configured to', async () => {
    const { storage } = await filled();
    const lines: string[] = [];
    const log = openLog('info', (line) => lines.push(line));
    const end = openCollecting(RegistrySchema.parse({ ...document, collect: {} }), {
      storage,
      log,
    });
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    end();
    expect(lines[0]).toContain('"collected"');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ condemned: 1, deleted: 0, freed: 0 });
  });

  test('does not unless it is', async () => {
    const { storage } = await filled();
    const log = openLog('info', () => undefined);
    for (const one of [document, { ...document, collect: {}, readOnly: true }]) {
      openCollecting(RegistrySchema.parse(one), { storage, log })();
    }
    expect(await storage.stat('gc/lease')).toBeUndefined();
  });
});
