// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { tar } from './tar.ts';

test('an archive is headers and contents in blocks of 512 bytes', () => {
  const archive = tar([
    { path: 'etc/', mode: 0o755, bytes: new Uint8Array() },
    { path: 'etc/name', mode: 0o644, bytes: Buffer.from('abc') },
  ]);
  expect(archive.byteLength).toBe(512 * (1 + 2 + 2));
  const file = archive.subarray(512, 1024).toString('latin1');
  expect(file.slice(0, 9)).toBe('etc/name\0');
  expect(file.slice(100, 108)).toBe('0000644\0');
  expect(file.slice(124, 136)).toBe('00000000003\0');
  expect(file.slice(156, 157)).toBe('0');
  expect(file.slice(257, 265)).toBe('ustar\x0000');
  expect(archive.subarray(1024, 1027).toString()).toBe('abc');
  expect(archive.subarray(156, 157).toString()).toBe('5');
});

test('the checksum is the sum of the header with spaces in its place', () => {
  const header = tar([{ path: 'a', mode: 0o644, bytes: new Uint8Array() }]).subarray(0, 512);
  const stated = Number.parseInt(header.subarray(148, 154).toString(), 8);
  header.fill(' ', 148, 156);
  expect(header.reduce((sum, byte) => sum + byte, 0)).toBe(stated);
});
