// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { readDigestIndex, writeDigestIndex } from './digest-index-file.ts';
import { type BackendIndex, NO_KNOWLEDGE } from './digest-knowledge.ts';

const [A, B, C] = ['sha256:aa', 'sha256:bb', 'sha512:cc'].map(digestOf) as [Digest, Digest, Digest];

function digestOf(short: string): Digest {
  const [algorithm = '', pair = ''] = short.split(':');
  const text = `${algorithm}:${pair.repeat(algorithm === 'sha256' ? 32 : 64)}`;
  return parseDigest(text) ?? expect.fail('the digest is one');
}

function indexOf(digests: readonly Digest[], validUntil = 100, size = 0): BackendIndex {
  const about = { backend: 'b', url: 'u', createdAt: 0, validUntil };
  const content = writeDigestIndex(
    about,
    digests.map((digest) => ({ digest, size })),
  );
  const result = readDigestIndex(new Uint8Array([...content, ...new Uint8Array(32)]), size > 0);
  return result.ok ? { sets: result.file.sets, validUntil } : expect.fail(result.problem);
}

test('an index is the whole truth about its backend, and says nothing of others', () => {
  const knowledge = NO_KNOWLEDGE.with('dublin', indexOf([A, C]));
  expect([A, B, C].map((digest) => knowledge.knows('dublin', digest, 99))).toEqual([
    'held',
    'absent',
    'held',
  ]);
  expect(knowledge.knows('tokyo', A, 99)).toBeUndefined();
  expect(NO_KNOWLEDGE.knows('dublin', A, 0)).toBeUndefined();
});

test('sizes are known when they were read, whichever index is in force', () => {
  const sized = NO_KNOWLEDGE.with('dublin', indexOf([A], 100, 7)).with(
    'tokyo',
    indexOf([B, C], 100, 2 ** 33),
  );
  expect([A, B, C].map(sized.sizeOf)).toEqual([7, 2 ** 33, 2 ** 33]);
  expect([A, B, C].map(sized.without('tokyo').sizeOf)).toEqual([7, undefined, undefined]);
  const half = sized.without('tokyo').with('tokyo', indexOf([B]));
  expect([A, B].map(half.sizeOf)).toEqual([7, undefined]);
  expect(NO_KNOWLEDGE.with('dublin', indexOf([A])).sizeOf(A)).toBeUndefined();
});

test('an index is believed until its time, and not at it', () => {
  const knowledge = NO_KNOWLEDGE.with('dublin', indexOf([A], 100)).with('tokyo', indexOf([], 200));
  expect(knowledge.isValid('dublin', 99)).toBe(true);
  expect(knowledge.isValid('dublin', 100)).toBe(false);
  expect(knowledge.knows('dublin', A, 100)).toBeUndefined();
  expect(knowledge.knows('tokyo', A, 100)).toBe('absent');
});

test('a new index takes the place of the old one, and the old value stays as it was', () => {
  const old = NO_KNOWLEDGE.with('dublin', indexOf([A])).with('tokyo', indexOf([A]));
  const next = old.with('dublin', indexOf([B], 300));
  expect([A, B].map((digest) => next.knows('dublin', digest, 200))).toEqual(['absent', 'held']);
  expect(next.knows('tokyo', A, 50)).toBe('held');
  expect([A, B].map((digest) => old.knows('dublin', digest, 50))).toEqual(['held', 'absent']);
});

test('a backend that is taken out is unknown again, and the others are as they were', () => {
  const both = NO_KNOWLEDGE.with('dublin', indexOf([A])).with('tokyo', indexOf([A, C]));
  const left = both.without('dublin').without('nobody');
  expect(left.knows('dublin', A, 50)).toBeUndefined();
  expect([A, B, C].map((digest) => left.knows('tokyo', digest, 50))).toEqual([
    'held',
    'absent',
    'held',
  ]);
});
