// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseAddress } from '../../core/net/address.ts';
import { shownAddress } from './audit-lines.ts';

test.each([
  ['192.0.2.77', 'none', undefined],
  ['192.0.2.77', 'prefix', '192.0.2.0/24'],
  ['192.0.2.77', 'full', '192.0.2.77'],
  ['2001:db8:1:2::3', 'prefix', '2001:db8:1::/48'],
  ['2001:db8:1:2::3', 'full', '2001:db8:1:2::3'],
  ['unreadable', 'full', undefined],
] as const)('of %s, %s is shown as %s', (text, how, shown) => {
  expect(shownAddress(parseAddress(text), how)).toBe(shown);
});
