// SPDX-License-Identifier: Apache-2.0
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { silentLog } from '../../src/log.ts';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningCommand, startCommand } from '../support/running-command.ts';
import { startTestServer } from '../support/start-server.ts';

interface Follow extends RunningCommand {
  readonly adminUrl: string;
}

async function startFollow(config: string): Promise<Follow> {
  const command = startCommand(['mirror', 'follow', '--config', config]);
  const [line] = await command.logged('listening');
  onTestFinished(async () => void (await command.stop()));
  return { ...command, adminUrl: String(line?.['admin']) };
}

/** A registry in a folder, and a configuration that mirrors it to two folders. */
async function world(more: object = {}) {
  const { folder: directory, source, storage } = await registryFolder();
  const folder = await temporaryFolder();
  const config = join(folder, 'mirror.yaml');
  const document = {
    source: {
      registry: { storage: { kind: 'filesystem', directory } },
      repositories: ['**'],
    },
    targets: ['dublin', 'paris'].map((name) => ({
      name,
      storage: { kind: 'filesystem', directory: name },
      publicUrl: `https://${name}.example`,
    })),
    follow: { poll: '100ms', admin: { port: 0 } },
    ...more,
  };
  await writeFile(config, stringify(document));
  const log = openEventLog(storage);
  return {
    folder,
    config,
    storage,
    async push(content: string): Promise<string> {
      const { digest } = addImage(source, content);
      source.tag(content, digest);
      const about = { source, storage, repository: 'team/app', reference: content, tag: content };
      await importImage({ ...about, tell: () => log.tell({ repository: 'team/app', by: 'me' }) });
      return digest;
    },
    fileOf: (target: string, digest: string) => join(folder, target, 'containers/images', digest),
  };
}

async function metricsOf({ adminUrl }: Follow): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

describe('archeion mirror follow', () => {
  test('brings what there is, and what is pushed while it runs; says so in metrics and index', async () => {
    const { config, folder, push, fileOf } = await world();
    const follow = await startFollow(config);
    await follow.logged('mirror-round');
    expect(await readdir(join(folder, 'dublin/containers/images'))).toHaveLength(10);
    expect((await fetch(`${follow.adminUrl}/readyz`)).status).toBe(200);
    const indexes = await readdir(join(folder, 'paris/archeion'));
    const digest = await push('new');
    const rounds = await follow.logged('mirror-round', 2);
    expect(rounds[1]).toMatchObject({ kind: 'changes', complete: true, copied: 6, failed: 0 });
    for (const target of ['dublin', 'paris']) await access(fileOf(target, digest));
    expect(await readdir(join(folder, 'paris/archeion'))).not.toEqual(indexes);
    const metrics = await metricsOf(follow);
    expect(metrics).toContain('archeion_mirror_objects_total{target="dublin"} 13\n');
    expect(metrics).toContain('archeion_mirror_oldest_missing_seconds 0\n');
    expect(metrics).toContain('archeion_mirror_rounds_total{kind="sweep",outcome="complete"} 1\n');
    expect(await follow.stop()).toBe(0);
    expect(await follow.logged('stopped')).toHaveLength(1);
  });

  test('another process goes on where it ended', async () => {
    const { config, push, fileOf } = await world();
    const first = await startFollow(config);
    await first.logged('mirror-round');
    await first.stop();
    const digest = await push('meanwhile');
    const second = await startFollow(config);
    await vi.waitFor(() => access(fileOf('paris', digest)), { timeout: 5_000 });
    await second.stop();
    const kinds = (await second.logged('mirror-round')).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['changes']));
  });

  test('one target that cannot be written does not hold up the other, and is filled when it can', async () => {
    const { config, folder, push, fileOf } = await world();
    await writeFile(join(folder, 'paris'), 'a file where the folder should be');
    const follow = await startFollow(config);
    await follow.logged('mirror-round');
    const digest = await push('new');
    await vi.waitFor(() => access(fileOf('dublin', digest)), { timeout: 5_000 });
    expect(await follow.logged('mirror-problem')).not.toHaveLength(0);
    expect(await metricsOf(follow)).not.toContain('archeion_mirror_oldest_missing_seconds 0\n');
    await rm(join(folder, 'paris'));
    await vi.waitFor(() => access(fileOf('paris', digest)), { timeout: 20_000 });
    expect(await follow.stop()).toBe(0);
  }, 30_000);

  test('a registry that tells nothing is looked at at intervals', async () => {
    const { storage, config, folder } = await world();
    const server = await startTestServer(pullHandler({ storage, log: silentLog }));
    await writeFile(
      config,
      stringify({
        source: { url: server.url, repositories: ['team/**'] },
        targets: [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }],
        follow: { admin: { port: 0 } },
      }),
    );
    const follow = await startFollow(config);
    const [round] = await follow.logged('mirror-round');
    expect(round).toMatchObject({ kind: 'sweep', complete: true, repositories: 1 });
    expect(await readdir(join(folder, 'dublin/containers/images'))).toHaveLength(10);
    expect(await follow.stop()).toBe(0);
  });

  test.each([{ layout: 'x' }, { url: 'https://registry.example', images: ['images.yaml'] }])(
    'what is read once is not followed: %j',
    async (source) => {
      const { config } = await world({ source });
      const { exit, err } = await runCommand(['mirror', 'follow', '--config', config]);
      expect(exit).toBe(2);
      expect(err).toContain('use "mirror run"');
    },
  );

  test('a port that is taken is said, and nothing is left running', async () => {
    const other = await startTestServer(() => ({ status: 200, headers: [] }));
    const port = Number(new URL(other.url).port);
    const { config } = await world({ follow: { admin: { port } } });
    const command = startCommand(['mirror', 'follow', '--config', config]);
    expect(await command.stop()).toBe(1);
  });
});
