// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { readDescriptor } from './descriptor.ts';

const HEX = 'a'.repeat(64);
const PLAIN = { mediaType: 'text/plain', digest: `sha256:${HEX}`, size: 3 };

describe('readDescriptor', () => {
  test('keeps what it knows and drops the rest', () => {
    const full = {
      ...PLAIN,
      artifactType: 'text/x',
      annotations: { a: 'b' },
      platform: { os: 'linux' },
      urls: ['https://example.org/layer'],
    };
    expect(readDescriptor({ ...full, data: 'AAA=', constructor: 1 })).toEqual(full);
    expect(readDescriptor(PLAIN)).toEqual(PLAIN);
  });

  test.each([
    ['sha256:../../x'],
    [`sha256:${HEX.toUpperCase()}`],
    [`sha256:${HEX.slice(1)}`],
    [`sha256:${HEX}a`],
    [`md5:${HEX.slice(32)}`],
    [`sha256:${HEX.slice(1)}\0`],
    [`sha256%3a${HEX}`],
    [`sha256:${HEX.slice(1)}ａ`],
    [7],
    [undefined],
  ])('no digest is no descriptor (CVE-2024-3727): %j', (digest) => {
    expect(readDescriptor({ ...PLAIN, digest })).toBe('has no valid digest');
  });

  test.each([
    [null, 'is no object'],
    [[], 'is no object'],
    ['x', 'is no object'],
    [{ ...PLAIN, size: -1 }, 'has no valid size'],
    [{ ...PLAIN, size: 1.5 }, 'has no valid size'],
    [{ ...PLAIN, size: 2 ** 53 }, 'has no valid size'],
    [{ ...PLAIN, size: '3' }, 'has no valid size'],
    [{ ...PLAIN, mediaType: undefined }, 'has no valid mediaType'],
    [{ ...PLAIN, mediaType: 'a\r\nb: c' }, 'has no valid mediaType'],
    [{ ...PLAIN, Size: 4 }, 'has a key that only case tells from "size"'],
    [{ ...PLAIN, artifactType: 7 }, 'has an artifactType that is no text'],
    [{ ...PLAIN, annotations: { a: 7 } }, 'has invalid annotations'],
    [{ ...PLAIN, platform: 'linux' }, 'has a platform that is no object'],
    [{ ...PLAIN, urls: 'https://x' }, 'has urls that are no list of texts'],
    [{ ...PLAIN, urls: [7] }, 'has urls that are no list of texts'],
  ])('says what is wrong with %j', (value, problem) => {
    expect(readDescriptor(value)).toBe(problem);
  });
});
