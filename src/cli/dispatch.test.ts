// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';
import { dispatch } from './dispatch.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(line: readonly string[], env: Record<string, string> = {}) {
  const printed = { out: '', err: '' };
  const exit = await dispatch(line, {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    env,
    stop: AbortSignal.abort(),
    onHangup: () => () => {},
  });
  return { exit, ...printed };
}

async function fileWith(text: string): Promise<string> {
  const path = join(folder, 'archeion.yaml');
  await writeFile(path, text);
  return path;
}

const GOOD = 'upstreams: [{ name: main, url: https://main.example }]';

describe('the command line', () => {
  test('help names every command and ends well', async () => {
    const { exit, out } = await run(['--help']);
    expect(exit).toBe(0);
    for (const { name } of COMMANDS) expect(out).toContain(name.split(' ')[0]);
  });

  test.each(COMMANDS.map(({ name }) => name))('%s has help with examples', async (name) => {
    const { exit, out } = await run([...name.split(' '), '--help']);
    expect(exit).toBe(0);
    expect(out).toContain('Examples:');
  });

  test('the version is that of the package', async () => {
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/);
  });

  test.each([
    [['no-such-command']],
    [['serve', '--no-such-option']],
    [['config', 'check']],
    [['config', 'no-such-command']],
    [['registry', 'import', 'x']],
    [['registry', 'import', 'x', 'UPPER:v1']],
    [['registry', 'import', 'x', 'name-without-tag']],
    [['registry', 'import', 'docker://', 'name:v1']],
    [['dev', '--port-base', 'many']],
    [['dev', '--port-base', '65535']],
  ])('%j is a usage error, and says so', async (line) => {
    const { exit, err } = await run(line);
    expect(exit).toBe(2);
    expect(err).not.toBe('');
  });
});

describe('configuration', () => {
  test('check accepts a good file and names every problem of a bad one', async () => {
    expect(await run(['config', 'check', await fileWith(GOOD)])).toMatchObject({ exit: 0 });
    const bad = await fileWith('upstreams: [{ name: A, url: x }]\nlistne: {}');
    const { exit, err } = await run(['config', 'check', bad]);
    expect(exit).toBe(2);
    for (const place of ['upstreams.0.name', 'upstreams.0.url', 'listne'])
      expect(err).toContain(place);
  });

  test.each([
    ['no YAML', 'a: [1'],
    ['empty', ''],
  ])('a file that is %s is a configuration error', async (_, text) => {
    expect((await run(['config', 'check', await fileWith(text)])).exit).toBe(2);
  });

  test("the file's own tests of routes are run", async () => {
    const ranges =
      'cloudRanges: { static: [{ prefix: 192.0.2.0/24, cloud: aws, region: eu-west-1 }] }';
    const routing =
      'backends: [{ name: cdn, url: https://cdn.example }]\nrouting: [{ client: { cloud: aws }, blobs: [cdn] }]';
    const path = `/v2/a/blobs/sha256:${'ab'.repeat(32)}`;
    const expecting = (name: string) =>
      [
        GOOD,
        ranges,
        routing,
        `tests: [{ client: 192.0.2.1, path: "${path}", expect: ${name} }]`,
      ].join('\n');
    const good = await run(['config', 'check', await fileWith(expecting('cdn'))]);
    expect(good).toMatchObject({ exit: 0, out: expect.stringContaining('1 routes as expected') });
    const bad = await run(['config', 'check', await fileWith(expecting('main'))]);
    expect(bad).toMatchObject({ exit: 2, err: expect.stringContaining('gets "cdn", not "main"') });
  });

  test('diff names the keys that differ, and the share of clients that moves', async () => {
    const ranges =
      'cloudRanges: { static: [{ prefix: 192.0.2.0/24, cloud: aws, region: eu-west-1 }] }';
    const backends = 'backends: [{ name: cdn, url: https://cdn.example }]';
    const before = join(folder, 'before.yaml');
    await writeFile(before, [GOOD, ranges, backends].join('\n'));
    const routing = 'routing: [{ client: { cloud: aws }, blobs: [cdn] }]';
    const after = await fileWith([GOOD, ranges, backends, routing].join('\n'));
    const addresses = join(folder, 'addresses.txt');
    await writeFile(addresses, '192.0.2.1\n203.0.113.1\n203.0.113.2\n\n203.0.113.3\n');
    const { exit, out } = await run(['config', 'diff', before, after, '--addresses', addresses]);
    expect(exit).toBe(3);
    expect(out).toContain('routing.0.blobs.0: undefined -> "cdn"');
    expect(out).toMatch(/25\.0 % {2}blobs +main -> cdn/);
    expect(out).toMatch(/75\.0 % {2}blobs +main, as before/);
    const same = await run(['config', 'diff', after, after, '--json']);
    expect(same.exit).toBe(0);
    expect(JSON.parse(same.out)).toEqual({ changes: [], moves: [] });
  });

  test('a file that is not there is named', async () => {
    const { exit, err } = await run(['serve', '--config', join(folder, 'absent.yaml')]);
    expect(exit).toBe(2);
    expect(err).toContain('absent.yaml');
  });

  test('show prints the file with its defaults, as YAML or JSON', async () => {
    const file = await fileWith(GOOD);
    expect((await run(['config', 'show', '--config', file])).out).toContain('heldFor: 1h');
    const { out } = await run(['config', 'show', '--json'], { ARCHEION_CONFIG: file });
    expect(JSON.parse(out)).toMatchObject({ existence: { heldFor: '1h' } });
  });

  test("show prints what archeio's environment amounts to", async () => {
    const { out } = await run(['config', 'show'], { DEFAULT_AWS_BASE_URL: 'https://cdn.example' });
    expect(out).toContain('https://cdn.example');
    expect(out).toContain('k8s-artifacts-prod/images');
  });

  test('schema prints JSON Schema', async () => {
    const { out } = await run(['config', 'schema']);
    expect(JSON.parse(out)).toMatchObject({ type: 'object' });
  });

  test('serve without any configuration shows one', async () => {
    const { exit, err } = await run(['serve']);
    expect(exit).toBe(2);
    expect(err).toContain('upstreams:');
  });
});
