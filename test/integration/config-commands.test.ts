// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const config = (command: string, ...args: string[]) => runCommand(['config', command, ...args]);

async function fileWith(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'some.yaml');
  await writeFile(file, text);
  return file;
}

const STORAGE = 'storage: { kind: filesystem, directory: nowhere }\n';
const FRONT = 'upstreams: [{ name: main, url: https://registry.example.org }]\n';
const HOOK = 'events: { endpoints: [{ name: a, url: https://a.example, secretFile: s }] }\n';

describe('archeion config check', () => {
  test.each([
    ['a front', FRONT],
    ['a registry, whose store need not be there', STORAGE],
    [
      'a mirror',
      'source: { url: https://a.example, repositories: [a] }\ntargets: [{ name: b, storage: { kind: filesystem, directory: c } }]\n',
    ],
    ['a registry with users', `${STORAGE}access: { anonymousPull: ['**'] }\n`],
  ])('accepts the configuration of %s', async (_, text) => {
    const file = await fileWith(text);
    expect(await config('check', file)).toEqual({ exit: 0, out: `${file}: ok\n`, err: '' });
  });

  test.each([
    ['a key that is misspelled', `${STORAGE}readonly: true\n`, 'unknown key "readonly"'],
    ['what everybody could push to', `${STORAGE}listen: { host: 0.0.0.0 }\n`, 'could push'],
    [
      'a file of passwords that is not there',
      `${STORAGE}access: { users: { file: u } }\n`,
      /u: the password file cannot be read: there is no such file; `archeion registry user add NAME --file .*u` makes one/,
    ],
    ['a secret that is not there', STORAGE + HOOK, /s" cannot be read: there is no such file/],
    ['no certificate', `${STORAGE}listen: { tls: { certificate: a, key: b } }\n`, /a"/],
    [
      'a key of tokens that is not there',
      `${STORAGE}access: { tokens: { keyFile: k } }\n`,
      /k: the key of tokens cannot be read: there is no such file/,
    ],
    ['both at once', STORAGE + FRONT, 'unknown key "upstreams"'],
  ])('names what is wrong with that of a registry: %s', async (_, text, says) => {
    const { exit, out, err } = await config('check', await fileWith(text));
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(says);
  });

  test('names what is wrong with that of a mirror', async () => {
    const text = 'source: { url: https://a.example, repositories: [a] }\ntarget: []\n';
    const { exit, err } = await config('check', await fileWith(text));
    expect(exit).toBe(2);
    expect(err).toMatch(
      /targets: has to be there\n.*unknown key "target": did you mean "targets"\?/,
    );
  });

  test('takes a file for what it is said to be', async () => {
    const { exit, err } = await config('check', '--registry', await fileWith(FRONT));
    expect(exit).toBe(2);
    expect(err).toContain('storage: ');
    expect((await config('check', await fileWith('[]'))).err).toContain('(document)');
    expect((await config('check', join(await temporaryFolder(), 'none'))).exit).toBe(2);
  });
});

describe('archeion config show', () => {
  test('prints that of a registry with its defaults, and what is printed is accepted', async () => {
    const { exit, out } = await config('show', '--config', await fileWith(STORAGE));
    expect(exit).toBe(0);
    expect(parse(out)).toMatchObject({
      storage: { kind: 'filesystem', directory: 'nowhere' },
      uploads: { lifetime: '1d' },
      readOnly: false,
    });
    expect((await config('check', await fileWith(out))).exit).toBe(0);
    const json = await config('show', '--json', '--config', await fileWith(STORAGE));
    expect(JSON.parse(json.out)).toEqual(parse(out));
  });

  test('needs to be told where that of a registry is', async () => {
    const { exit, err } = await config('show', '--registry');
    expect(exit).toBe(2);
    expect(err).toContain('--config');
  });
});

test('archeion config schema prints a schema of either', async () => {
  const required = async (...args: string[]) =>
    JSON.parse((await config('schema', ...args)).out).required;
  expect(await required()).toEqual(['upstreams']);
  expect(await required('--registry')).toEqual(['storage']);
});
