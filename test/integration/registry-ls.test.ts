// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listRepositories } from '../../src/registry/pull/catalog.ts';
import { putTag } from '../support/put-tag.ts';
import { storeOfOne } from '../support/registry-filled.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const ls = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'ls', '--directory', folder, ...args]);

describe('archeion registry ls', () => {
  test('names the repositories, one a line or as JSON', async () => {
    const { folder } = await registryFolder();
    expect(await ls(folder)).toEqual({ exit: 0, out: 'other\nteam/app\n', err: '' });
    const { out } = await ls(folder, '--json');
    expect(JSON.parse(out)).toEqual({ repositories: ['other', 'team/app'] });
  });

  test('names the tags of one, with what they point at', async () => {
    const { folder, index } = await registryFolder();
    const { out } = await ls(folder, 'team/app');
    expect(out.split('\n')[0]).toMatch(
      new RegExp(
        `^v1 +${index.digest} +${index.size}  \\S+Z  ${index.mediaType.replace('+', '.')}$`,
      ),
    );
    const json = JSON.parse((await ls(folder, 'team/app', '--json')).out);
    expect(json).toEqual({
      repository: 'team/app',
      tags: ['v1', 'v2'].map((tag) => ({
        tag,
        ...index,
        pushedAt: expect.stringMatching(/^20.*Z$/),
        pushedBy: 'import',
      })),
    });
  });

  test('tags come in byte order', async () => {
    const { folder, storage, index } = await registryFolder();
    for (const tag of ['Z', '_x', '10', '9', 'v1.0']) {
      await putTag(
        { storage, repository: 'team/app' },
        { tag, digest: index.digest, pushedBy: 'x' },
      );
    }
    const { out } = await ls(folder, 'team/app');
    const tags = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(tags).toEqual(['10', '9', 'Z', '_x', 'v1', 'v1.0', 'v2']);
  });

  test('a repository that is not there is a failure, and so is a name that is none', async () => {
    const { folder } = await registryFolder();
    expect(await ls(folder, 'team')).toMatchObject({ exit: 1, out: '' });
    expect((await ls(folder, 'team')).err).toContain('no repository "team"');
    expect(await ls(folder, 'Team')).toMatchObject({ exit: 2 });
  });

  test('what is no registry is said, and nothing is written there', async () => {
    const folder = await temporaryFolder();
    expect(await ls(folder)).toMatchObject({ exit: 2, err: expect.stringContaining('is empty') });
    await writeFile(join(folder, 'index.json'), '{}');
    expect((await ls(folder)).err).toContain('holds index.json, and no registry');
    expect((await ls(join(folder, 'x'))).err).toContain('there is no folder');
    expect((await ls(join(folder, 'index.json'))).err).toContain('is no folder');
  });

  test('the registry of a newer program is left alone', async () => {
    const { folder } = await registryFolder();
    await writeFile(join(folder, 'layout'), '{"version":2}');
    const { exit, err } = await ls(folder);
    expect(exit).toBe(1);
    expect(err).toContain('use a newer program');
  });
});

test('names that begin like others are all found, in byte order', async () => {
  const names = ['a', 'a-b', 'a/1', 'a/b', 'a/b/c', 'ab', 'b'];
  expect(await listRepositories(await storeOfOne(names))).toEqual(names);
});
