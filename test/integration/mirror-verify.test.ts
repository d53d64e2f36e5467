// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDigestIndex, recordsIn } from '../../src/core/digest-index/digest-index-file.ts';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { startTestServer } from '../support/start-server.ts';

const OBJECTS = 10;

async function world() {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const handler = pullHandler({ storage: registry.storage, log: silentLog });
  const server = await startTestServer(handler);
  const config = join(folder, 'mirror.yaml');
  const write = (repositories: readonly string[]) =>
    writeFile(
      config,
      stringify({
        source: { url: server.url, repositories },
        targets: ['dublin', 'paris'].map((name) => ({
          name,
          storage: { kind: 'filesystem', directory: name },
          publicUrl: `https://${name}.example`,
        })),
        index: { validFor: '1m' },
      }),
    );
  await write(['team/app', 'other']);
  const run = (...args: string[]) => runCommand(['mirror', ...args, '--config', config]);
  await run('run', '--yes');
  const images = join(folder, 'dublin/containers/images');
  const blobs = (await readdir(images)).sort();
  const verify = async (...args: string[]) => {
    const { exit, out, err } = await run('verify', '--json', ...args);
    return { exit, err, ...JSON.parse(out) };
  };
  return { folder, images, blobs, run, verify, mirrors: write };
}

/** Of findings, what says which is which. */
function shown(findings: readonly { target: string; kind: string; object: string }[]) {
  return findings.map(({ target, kind, object }) => `${target} ${kind} ${object}`).sort();
}

/** The first so many digits of every digest that the index of a target claims. */
async function claimed(folder: string, target: string): Promise<readonly string[]> {
  const archeion = join(folder, target, 'archeion');
  const { file } = JSON.parse(await readFile(join(archeion, 'index'), 'utf8'));
  const read = readDigestIndex(await readFile(join(archeion, file)));
  return read.ok ? [...recordsIn(read.file)].map(({ hex }) => hex) : expect.fail(read.problem);
}

function short(digest: string): string {
  return digest.slice(7, 27);
}

describe('archeion mirror verify', () => {
  test('finds nothing where a run has filled everything, and has hashed all of it', async () => {
    const { run, verify } = await world();
    const found = await run('verify');
    expect(found).toMatchObject({ exit: 0, err: '' });
    expect(found.out).toMatch(/^20 objects looked at, .* hashed\ntarget +missing +size/);
    expect(await verify()).toMatchObject({ exit: 0, objects: 2 * OBJECTS, findings: [] });
    expect(await verify('--sample', '0')).toMatchObject({ exit: 0, bytes: 0 });
    expect(await verify('--target', 'paris')).toMatchObject({ objects: OBJECTS });
  });

  test('says of each target what is amiss, and changes nothing', async () => {
    const { verify, images, blobs } = await world();
    const [gone = '', short_ = '', bad = ''] = blobs;
    await rm(join(images, gone));
    await truncate(join(images, short_), 1);
    const bytes = await readFile(join(images, bad));
    await writeFile(
      join(images, bad),
      bytes.map((byte) => byte ^ 1),
    );
    await writeFile(join(images, 'notes.txt'), 'who put this here?');
    const stray = digestOf('stray');
    await writeFile(join(images, stray), 'stray');
    const { exit, findings, targets } = await verify();
    expect(exit).toBe(3);
    expect(shown(findings)).toEqual(
      [
        `dublin missing ${gone}`,
        `dublin size ${short_}`,
        `dublin corrupt ${bad}`,
        'dublin foreign containers/images/notes.txt',
        `dublin unreferenced ${stray}`,
        `dublin unclaimed ${stray}`,
        `dublin claimed sha256:${short(gone)}…`,
        `dublin claimed sha256:${short(short_)}…`,
      ].sort(),
    );
    expect(targets[0]).toMatchObject({ name: 'dublin', missing: 1, corrupt: 1, claimed: 2 });
    expect((await verify('--repair')).err).toContain('nothing was done: say --yes');
    await expect(stat(join(images, gone))).rejects.toThrow('ENOENT');
  });

  test('repairs what is missing, not whole or corrupt', async () => {
    const { verify, images, blobs } = await world();
    const [gone = '', short_ = '', bad = ''] = blobs;
    await rm(join(images, gone));
    await truncate(join(images, short_), 1);
    const bytes = await readFile(join(images, bad));
    await writeFile(
      join(images, bad),
      bytes.map((byte) => byte ^ 1),
    );
    const repaired = await verify('--repair', '--yes');
    expect(repaired).toMatchObject({ exit: 0, err: '' });
    expect(repaired.targets).toMatchObject([{ repaired: 3 }, { repaired: 0 }]);
    expect(await readFile(join(images, bad))).toEqual(bytes);
    expect(await verify()).toMatchObject({ exit: 0, findings: [] });
  });

  test('has no index claim a corrupt blob that the source cannot give, however often a run looks at it', async () => {
    const { verify, run, images, blobs, folder, mirrors } = await world();
    const [bad = ''] = blobs;
    const stray = digestOf('stray');
    await mirrors(['team/app', 'other']);
    await writeFile(join(images, stray), 'STRAY');
    await run('run', '--yes');
    expect(await claimed(folder, 'dublin')).toContain(short(stray));
    expect(shown((await verify('--repair', '--yes')).findings)).toEqual([
      `dublin corrupt ${stray}`,
      `dublin unreferenced ${stray}`,
    ]);
    expect(await claimed(folder, 'dublin')).not.toContain(short(stray));
    await run('run', '--yes');
    expect(await claimed(folder, 'dublin')).not.toContain(short(stray));
    expect(await claimed(folder, 'dublin')).toContain(short(bad));
    expect(await readFile(join(images, stray), 'utf8')).toBe('STRAY');
  });

  test('takes what nothing leads to out of the index, and keeps it until its time is over', async () => {
    const { verify, run, images, folder } = await world();
    const stray = digestOf('stray');
    await writeFile(join(images, stray), 'stray');
    await run('run', '--yes');
    expect(await claimed(folder, 'dublin')).toContain(short(stray));
    const dry = await verify('--prune', '--grace', '0s');
    expect(dry.targets[0].prune).toMatchObject({ isDone: false, withdrawn: 1, deleted: 0 });
    expect(await claimed(folder, 'dublin')).toContain(short(stray));
    const done = await verify('--prune', '--grace', '0s', '--yes');
    expect(done).toMatchObject({ exit: 0, err: '' });
    expect(await claimed(folder, 'dublin')).not.toContain(short(stray));
    const again = await verify('--prune', '--grace', '0s', '--yes');
    expect(again.targets[0].prune).toMatchObject({ withdrawn: 0, deleted: 0, waiting: 1 });
    expect(await readFile(join(images, stray), 'utf8')).toBe('stray');
    await run('run', '--yes');
    expect(await claimed(folder, 'dublin')).not.toContain(short(stray));
  });

  test('prunes nothing when more than half of a target would go, or the source is not readable', async () => {
    const { verify, mirrors, run, folder } = await world();
    await mirrors(['other']);
    const refused = await verify('--prune', '--yes');
    expect(refused.exit).toBe(5);
    expect(refused.problems[0]).toMatch(/^dublin: nothing is pruned: .* say --allow-many/);
    expect(await claimed(folder, 'dublin')).toHaveLength(OBJECTS);
    const unread = await mirrors(['other', 'nowhere']).then(() =>
      verify('--prune', '--yes', '--allow-many'),
    );
    expect(unread.exit).toBe(5);
    expect(unread.problems).toContain(
      'dublin: nothing is pruned: the source could not be read as a whole',
    );
    await mirrors(['other']);
    expect(await verify('--prune', '--yes', '--allow-many')).toMatchObject({ exit: 0 });
    const left = (await claimed(folder, 'dublin')).length;
    expect(left).toBeLessThan(OBJECTS);
    // What is wanted again is claimed again, and nothing has to be copied for that.
    await mirrors(['team/app', 'other']);
    expect((await run('run', '--yes')).out).toMatch(/\ndublin +0 /);
    expect(await claimed(folder, 'dublin')).toHaveLength(OBJECTS);
  });

  test('is not begun with what it does not understand', async () => {
    const { run } = await world();
    expect(await run('verify', '--target', 'tokyo')).toMatchObject({ exit: 2 });
    expect(await run('verify', '--sample', 'some')).toMatchObject({ exit: 2 });
    expect(await run('verify', '--prune', '--grace', 'long')).toMatchObject({ exit: 2 });
  });

  test('names ten of a kind to people, and counts the rest', async () => {
    const { run, images } = await world();
    for (let place = 0; place < 12; place += 1) await writeFile(join(images, `${place}`), '');
    const { out, exit } = await run('verify');
    expect(exit).toBe(3);
    expect(out.match(/: foreign: containers/g)).toHaveLength(10);
    expect(out).toContain('dublin: foreign: and 2 more\n');
  });
});
