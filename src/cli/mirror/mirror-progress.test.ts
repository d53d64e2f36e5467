// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { progressText } from './mirror-progress.ts';

const progress = {
  gap: { name: 'dublin', blobs: 8, manifests: 2, bytes: 10_240 },
  tally: { copied: 3, bytes: 2_048, failed: 1, lost: undefined },
  bytesPerSecond: 1_024,
};

test('a line says how far a target is, how fast it goes and how long that takes', () => {
  expect(progressText(progress, false)).toBe(
    'dublin: 3 of 10 objects, 2.0 KiB of 10.0 KiB, 1.0 KiB a second, 8 s left, 1 failed\n',
  );
  const slow = { ...progress, bytesPerSecond: 1 };
  expect(progressText(slow, false)).toContain('137 min left');
  const still = { ...progress, bytesPerSecond: 0 };
  expect(progressText(still, false)).not.toContain('left');
});

test('programs get the same as JSON', () => {
  expect(JSON.parse(progressText(progress, true))).toEqual({
    target: 'dublin',
    copied: 3,
    objects: 10,
    bytes: 2_048,
    of: 10_240,
    failed: 1,
    bytesPerSecond: 1_024,
  });
});
