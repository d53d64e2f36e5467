// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type ArchiveBytes, indexArchive } from './index-archive.ts';
import { BLOCK, paddingOf, tarHeaders } from './tar-header.ts';

const END = Buffer.alloc(2 * BLOCK);

function entry(path: string, content = '', type = '0'): Buffer {
  const bytes = Buffer.from(content);
  const header = tarHeaders({ path, size: bytes.byteLength, type });
  return Buffer.concat([header, bytes, paddingOf(bytes.byteLength)]);
}

function archiveOf(...parts: readonly Buffer[]): ArchiveBytes {
  const bytes = Buffer.concat(parts);
  return {
    shown: 'a.tar',
    size: bytes.byteLength,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

const pax = (text: string) => entry('PaxHeaders', text, 'x');

describe('the files of an archive', () => {
  test('are found where they lie, folders and leading dots aside', async () => {
    const archive = archiveOf(
      entry('./', '', '5'),
      entry('blobs/', '', '5'),
      entry('./oci-layout', '{}'),
      entry('index.json', '[]'),
      END,
      Buffer.alloc(8 * BLOCK),
    );
    expect([...(await indexArchive(archive))]).toEqual([
      ['oci-layout', { offset: 3 * BLOCK, size: 2 }],
      ['index.json', { offset: 5 * BLOCK, size: 2 }],
    ]);
  });

  test('have the name and the size that a record before them says', async () => {
    const name = `blobs/sha512/${'b'.repeat(128)}`;
    const long = entry('L', `${name}\0`, 'L');
    const files = await indexArchive(archiveOf(entry(`${name}c`, 'x'), long, entry('y', 'z'), END));
    expect([...files.keys()]).toEqual([`${name}c`, name]);
  });

  test('may come after what is said of all, if that is nothing of theirs', async () => {
    const global = entry('pax_global_header', '13 mtime=1.5\n', 'g');
    const files = await indexArchive(archiveOf(global, entry('a', 'x'), END));
    expect([...files.keys()]).toEqual(['a']);
  });
});

describe('threat 35: an archive is refused', () => {
  test.each([
    ['with a path to above', [entry('blobs/../../etc/passwd'), END], 'leads elsewhere'],
    ['with a path from the root', [entry('/etc/passwd'), END], 'leads elsewhere'],
    ['with a folder above', [entry('../x/', '', '5'), END], 'leads elsewhere'],
    ['with such a path in a record', [pax('16 path=../../x\n'), entry('a'), END], 'elsewhere'],
    ['with a symbolic link', [entry('blobs', '', '2'), END], 'no plain file'],
    ['with a hard link', [entry('index.json', '', '1'), END], 'no plain file'],
    ['with a device', [entry('index.json', '', '3'), END], 'no plain file'],
    ['with a sparse file of GNU', [entry('index.json', '', 'S'), END], 'no plain file'],
    ['with one file twice', [entry('a', '1'), entry('./a', '2'), END], 'twice'],
    ['that has a size for all', [entry('g', '9 size=1\n', 'g'), entry('a'), END], 'one path'],
    ['with a header that is too large', [entry('x', ' '.repeat(65_537), 'x'), END], 'too large'],
    ['with a record that is none', [pax('nothing'), entry('a'), END], 'malformed'],
    ['that is cut off in a file', [entry('a', 'x'.repeat(600)).subarray(0, 700)], 'cut off'],
    ['that has no end', [entry('a', 'x')], 'cut off'],
    ['that says a file is larger', [pax('15 size=999999\n'), entry('a', 'x'), END], 'cut off'],
    ['with something behind its end', [entry('a'), END, entry('b')], 'behind its end'],
    ['with much behind its end', [END, Buffer.alloc(2 * 1024 ** 2)], 'behind its end'],
    ['that is damaged', [Buffer.alloc(BLOCK, 7), END], 'damaged'],
    ['that is compressed', [Buffer.from([0x1f, 0x8b]), END], 'compressed'],
    ['that is empty', [], 'cut off'],
  ])('%s', async (_, parts, problem) => {
    await expect(indexArchive(archiveOf(...parts))).rejects.toThrow(problem);
  });

  test('with more entries than anybody has', async () => {
    const block = entry('a/', '', '5');
    const read = async () => block;
    const endless = { shown: 'a.tar', size: Number.MAX_SAFE_INTEGER, read };
    await expect(indexArchive(endless)).rejects.toThrow('entries');
  });
});
