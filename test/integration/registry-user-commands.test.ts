// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { SecretInput } from '../../src/cli/command.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { parsePasswordFile } from '../../src/core/access/password-file.ts';
import { isScryptOf } from '../../src/registry/access/password-hash.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-users-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  file = join(folder, 'users.htpasswd');
});

async function user(line: string, input?: SecretInput) {
  const said = { out: '', err: '' };
  const exit = await dispatch(['registry', 'user', ...line.split(' '), '--file', file], {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    ...(input !== undefined && { input }),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return { exit, ...said };
}

function terminal(...typed: readonly string[]) {
  const lines = [...typed];
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(isRaw: boolean) {
      raw.push(isRaw);
      const line = isRaw ? lines.shift() : undefined;
      if (line !== undefined) setImmediate(() => input.write(line));
    },
  });
  return { input, raw };
}

async function isPasswordOf(name: string, password: string): Promise<boolean> {
  const result = parsePasswordFile(await readFile(file, 'utf8'));
  const stored = result.ok ? result.users.get(name) : undefined;
  return stored?.kind === 'scrypt' && isScryptOf(password, stored);
}

describe('archeion registry user', () => {
  test('adds, changes, lists and removes', async () => {
    expect(await user('add alice', Readable.from(['tulips-4711\n']))).toMatchObject({ exit: 0 });
    expect(await isPasswordOf('alice', 'tulips-4711')).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await user('add bob', Readable.from(['roses', '-4711']));
    await user('add alice', Readable.from(['lilies-4711\r\n']));
    expect(await isPasswordOf('alice', 'lilies-4711')).toBe(true);
    expect(await user('ls')).toMatchObject({ exit: 0, out: 'alice\tscrypt\nbob\tscrypt\n' });
    expect(await user('rm alice')).toMatchObject({ exit: 0 });
    expect(JSON.parse((await user('ls --json')).out)).toEqual({
      users: [{ name: 'bob', kind: 'scrypt' }],
    });
    expect(await user('rm alice')).toMatchObject({ exit: 1 });
    expect(await readdir(folder)).toEqual(['users.htpasswd']);
  });

  test('threat 31: says nothing of the password, and takes none as an argument', async () => {
    const added = await user('add alice', Readable.from(['tulips-4711']));
    expect(JSON.stringify(added)).not.toContain('tulips');
    expect(await readFile(file, 'utf8')).not.toContain('tulips');
    const refused = await user('add alice tulips-4711', Readable.from(['']));
    expect(refused).toMatchObject({ exit: 2 });
  });

  test('asks a person twice, and does not show what is typed', async () => {
    const { input, raw } = terminal('tulipx\x7fs-4711\r', 'tulips-4711\r');
    const { exit, err, out } = await user('add alice', input);
    expect(exit).toBe(0);
    expect(raw).toEqual([true, false, true, false]);
    expect(err + out).not.toContain('tulip');
    expect(await isPasswordOf('alice', 'tulips-4711')).toBe(true);
  });

  test.each([
    { what: 'two that differ', typed: ['tulips-4711\r', 'tulips-4712\r'] },
    { what: 'an interrupt', typed: ['tul\x03'] },
  ])('$what changes nothing', async ({ typed }) => {
    const { input, raw } = terminal(...typed);
    expect(await user('add alice', input)).toMatchObject({ exit: 2 });
    expect(raw.at(-1)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(['', 'short', 'changeme', 'alicealice', 'tulips\n4711', 'x'.repeat(5_000)])(
    'threat 13: the password %j is refused',
    async (password) => {
      expect(await user('add alicealice', Readable.from([password]))).toMatchObject({ exit: 2 });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('a name that is none is refused', async () => {
    expect(await user('add a:b', Readable.from(['tulips-4711']))).toMatchObject({ exit: 2 });
  });

  test('two at once lose nothing: the second is told', async () => {
    await writeFile(`${file}.lock`, '');
    const refused = await user('add alice', Readable.from(['tulips-4711']));
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining('somebody else') });
    expect(await readdir(folder)).toEqual(['users.htpasswd.lock']);
  });

  test('a link stays a link, and the mode of the file stays', async () => {
    const real = join(folder, 'real');
    await writeFile(real, '', { mode: 0o640 });
    await symlink(real, file);
    await user('add alice', Readable.from(['tulips-4711']));
    expect(await readFile(real, 'utf8')).toContain('alice:');
    expect((await stat(real)).mode & 0o777).toBe(0o640);
  });

  test('a file that cannot be read, or is none, is named', async () => {
    expect(await user('ls')).toMatchObject({ exit: 2, err: expect.stringContaining(file) });
    await writeFile(file, 'alice:tulips\n');
    const bad = await user('ls');
    expect(bad).toMatchObject({ exit: 2, err: expect.stringContaining('"alice"') });
    expect(bad.err).not.toContain('tulips');
  });
});
