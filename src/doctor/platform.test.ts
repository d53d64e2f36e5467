// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sha256Of } from '../../test/support/image-documents.ts';
import { isOfPlatform, isPlatform } from './platform.ts';

test.each([
  ['linux/amd64', true],
  ['linux/arm/v7', true],
  ['linux', false],
  ['linux/', false],
  ['Linux/amd64', false],
  ['a/b/c/d', false],
])('%s is a platform: %s', (text, is) => {
  expect(isPlatform(text)).toBe(is);
});

const ARM = { os: 'linux', architecture: 'arm', variant: 'v7' };

test.each([
  [ARM, 'linux/arm', true],
  [ARM, 'linux/arm/v7', true],
  [ARM, 'linux/arm/v6', false],
  [ARM, 'linux/arm64', false],
  [ARM, 'windows/arm', false],
  [undefined, 'linux/arm', false],
])('%j is of %s: %s', (platform, wanted, is) => {
  const descriptor = { mediaType: 'application/json', digest: sha256Of(''), size: 1 };
  const whole = platform === undefined ? descriptor : { ...descriptor, platform };
  expect(isOfPlatform(whole, wanted)).toBe(is);
});
