// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { digestOfPair, startIndexBucket } from '../support/index-bucket.ts';

const [A, B] = [`sha256:${'ab'.repeat(32)}`, `sha256:${'cd'.repeat(32)}`];
const WHO = ['--backend', 'dublin', '--url', 'https://dublin.example/'];
const ABOUT = [...WHO, '--valid-for', '26h'];

let folder = '';
let said = { out: '', err: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-index-'));
  await mkdir(join(folder, 'containers/images'), { recursive: true });
  await writeFile(join(folder, 'containers/images', A), 'hello');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(...line: readonly string[]): Promise<number> {
  said = { out: '', err: '' };
  return dispatch(['index', ...line], {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
}

describe('an index that was made of a folder', () => {
  test('is shown, is believed, and is true of the folder', async () => {
    await writeFile(join(folder, 'containers/images', B), ''); // a copy that broke off
    expect(await run('make', folder, ...ABOUT)).toBe(0);
    expect(said.out).toContain('1 blobs, 1 other objects');
    const pointer = join(folder, 'archeion/index');
    expect(await run('show', pointer, '--json')).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({
      backend: 'dublin',
      url: 'https://dublin.example',
      sha256: 1,
      sha512: 0,
      blobSize: 5,
      isWhole: true,
      isValid: true,
      isSigned: false,
    });
    expect(await run('show', pointer)).toBe(0);
    expect(said.out).toContain('dublin at https://dublin.example');
    expect(await run('check', pointer, ...WHO, '--against', folder)).toBe(0);
    expect(said.out).toContain('ok: 1 blobs');
  });

  test('leaves pointer and file behind, and nothing half written', async () => {
    await run('make', folder, ...ABOUT);
    await run('make', folder, ...ABOUT, '--previous');
    const names = await readdir(join(folder, 'archeion'));
    const { file } = JSON.parse(await readFile(join(folder, 'archeion/index'), 'utf8'));
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(names).toContain(file);
    const others = names.filter((name) => name !== file && name !== 'index');
    await run('show', join(folder, 'archeion/index'), '--json');
    expect([JSON.parse(said.out).previous]).toEqual(others);
  });

  test('is found wrong about a folder that lacks a blob, or has it in another size', async () => {
    await run('make', folder, ...ABOUT);
    const check = ['check', join(folder, 'archeion/index'), ...WHO, '--against', folder];
    await writeFile(join(folder, 'containers/images', A), 'hell');
    expect(await run(...check)).toBe(4);
    expect(said.err).toContain('has 4 bytes, and not 5');
    await rm(join(folder, 'containers/images', A));
    expect(await run(...check)).toBe(4);
    expect(said.err).toContain('abababababababababab… is not there');
  });

  test('is published as the folder is kept when it is the folder of a storage driver', async () => {
    const root = join(folder, 'store');
    const storage = filesystemDriver(root);
    await storage.write(`containers/images/${A}`, 'hello');
    expect(await run('make', root, ...ABOUT, '--previous')).toBe(0);
    expect(await storage.stat('archeion/index')).toBeDefined();
    expect(await run('make', root, ...ABOUT, '--previous')).toBe(0);
    expect(said.out).toContain('1 blobs');
  });
});

test.each([
  ['lines', `5 containers/images/${A}\n7 other`],
  ['JSON', JSON.stringify({ Contents: [{ Key: `containers/images/${A}`, Size: 5 }] })],
])('an index is made of a listing, %s', async (_, listing) => {
  const [file, out] = [join(folder, 'listing'), join(folder, 'out')];
  await writeFile(file, listing);
  expect(await run('make', '--listing', file, '--out', out, ...ABOUT)).toBe(0);
  expect(await run('check', join(out, 'index'), ...WHO, '--against', folder)).toBe(0);
});

test('a signed index is checked with the key', async () => {
  const keys = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')] as const;
  const pems = keys.map(({ privateKey, publicKey }, number) => ({
    sign: join(folder, `${number}.pem`),
    check: join(folder, `${number}.pub.pem`),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
  }));
  for (const { sign, check, privatePem, publicPem } of pems) {
    await writeFile(sign, privatePem);
    await writeFile(check, publicPem);
  }
  const [ours, theirs] = pems;
  expect(await run('make', folder, ...ABOUT, '--sign', ours?.sign ?? '')).toBe(0);
  const check = ['check', join(folder, 'archeion/index'), ...WHO, '--public-key'];
  expect(await run(...check, ours?.check ?? '')).toBe(0);
  expect(await run(...check, theirs?.check ?? '')).toBe(4);
  expect(said.err).toContain('not by the configured key');
});

describe('an index behind a URL', () => {
  test('is followed from its pointer, and shown and checked', async () => {
    const bucket = await startIndexBucket();
    onTestFinished(() => bucket.close());
    const file = bucket.publish({ digests: [digestOfPair('aa')], url: 'https://dublin.example' });
    expect(await run('check', `${bucket.url}/archeion/index`, ...WHO)).toBe(0);
    expect(await run('show', bucket.url + file)).toBe(0);
    expect(said.out).toContain('1 by sha256, 0 by sha512; 5 bytes');
    expect(await run('show', `${bucket.url}/nothing`)).toBe(1);
    expect(said.err).toContain('answered 404');
  });

  test('is not read in an encoding that nobody asked for', async () => {
    const upstream = await startFakeUpstream(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: 'x',
    }));
    onTestFinished(() => upstream.stop());
    expect(await run('show', `${upstream.url}/index`)).toBe(1);
    expect(said.err).toContain('is encoded as gzip');
  });
});

describe('what is refused', () => {
  test.each([
    ['another backend', ['--backend', 'tokyo', '--url', 'https://dublin.example']],
    ['another URL', ['--backend', 'dublin', '--url', 'https://tokyo.example']],
  ])('an index of %s, with exit code 4', async (_, who) => {
    await run('make', folder, ...ABOUT);
    expect(await run('check', join(folder, 'archeion/index'), ...who)).toBe(4);
    expect(said.err).toMatch(/it is of/);
  });

  test('a pointer to a file that is another, and what is no index at all', async () => {
    await run('make', folder, ...ABOUT);
    const file = join(folder, 'archeion/index');
    const pointer = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...pointer, size: pointer.size + 1 }));
    expect(await run('check', file, ...WHO)).toBe(4);
    expect(await run('show', join(folder, 'containers/images', A))).toBe(4);
  });

  test.each([
    ['nothing to look at', ['make', ...ABOUT]],
    ['no place to write to', ['make', '--listing', 'x', ...ABOUT]],
    ['no name', ['make', '.', '--url', 'https://a.example', '--valid-for', '1h']],
    ['no duration', ['make', '.', ...WHO, '--valid-for', 'long']],
    ['a blob path of nothing', ['make', '.', ...ABOUT, '--blob-path', 'blobs']],
  ])('%s, with exit code 2', async (_, line) => {
    expect(await run(...line)).toBe(2);
  });

  test.each([
    ['a listing that is none', ['--listing', 'file', '--out', 'out']],
    ['a key that is none', ['--listing', 'file', '--out', 'out', '--sign', 'file']],
  ])('%s, with exit code 2', async (_, line) => {
    await writeFile(join(folder, 'file'), 'nonsense');
    const paths = line.map((word) => (word.startsWith('-') ? word : join(folder, word)));
    expect(await run('make', ...paths, ...ABOUT)).toBe(2);
    expect(said.err).toContain('file" is no');
  });
});
