// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { BLOCK, parsePaxRecords, parseTarHeader, tarHeaders } from './tar-header.ts';

const HEX = 'a'.repeat(128);

describe('a header of a tar archive', () => {
  test('is read as it was written', () => {
    const written = tarHeaders({ path: 'blobs/sha256/ab', size: 12, type: '0' });
    expect(written).toHaveLength(BLOCK);
    expect(parseTarHeader(written)).toEqual({
      kind: 'entry',
      path: 'blobs/sha256/ab',
      size: 12,
      type: '0',
    });
  });

  test.each([
    ['a path that is too long', `blobs/sha512/${HEX}`, 7],
    ['a size that is too large', 'blobs/sha256/ab', 9 * 1024 ** 3],
  ])('has %s in a record before it', (_, path, size) => {
    const written = tarHeaders({ path, size, type: '0' });
    const before = parseTarHeader(written.subarray(0, BLOCK));
    expect(before).toMatchObject({ kind: 'entry', type: 'x' });
    const records = parsePaxRecords(written.subarray(BLOCK, BLOCK + sizeOf(before)));
    expect(records).toEqual({ path, size });
    expect(written).toHaveLength(3 * BLOCK);
  });

  test('of GNU may have its size in bytes', () => {
    const written = tarHeaders({ path: 'x', size: 0, type: '0' });
    written.fill(0, 124, 136);
    written[124] = 0x80;
    written.writeUIntBE(10 * 1024 ** 3, 130, 6);
    written.write('        ', 148);
    const sum = written.reduce((total, byte) => total + byte, 0);
    written.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(parseTarHeader(written)).toMatchObject({ kind: 'entry', size: 10 * 1024 ** 3 });
  });

  test('that is damaged is none', () => {
    const written = tarHeaders({ path: 'x', size: 1, type: '0' });
    written[0] = 0x79;
    expect(parseTarHeader(written)).toEqual({ kind: 'invalid', problem: 'a header is damaged' });
  });
});

test.each([
  ['has no length', 'path=x\n'],
  ['is longer than there are bytes', '30 path=x\n'],
  ['has no line end', '9 path=xy'],
  ['says nothing', '6 abc\n'],
  ['has a size that is none', '11 size=-1\n'],
  ['is of a sparse file', '24 GNU.sparse.major=1.0\n\n'.slice(0, 24)],
])('a pax record that %s is refused', (_, text) => {
  expect(parsePaxRecords(Buffer.from(text))).toBeTypeOf('string');
});

test('what a pax record says of times plays no part', () => {
  const text = '13 mtime=1.5\n';
  expect(parsePaxRecords(Buffer.from(text))).toEqual({ path: undefined, size: undefined });
});

function sizeOf(header: ReturnType<typeof parseTarHeader>): number {
  expect(header.kind).toBe('entry');
  return header.kind === 'entry' ? header.size : 0;
}
