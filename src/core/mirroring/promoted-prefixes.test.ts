// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { promotedPrefixes } from './promoted-prefixes.ts';

const registries = [
  { name: 'staging.example/team', isSource: true },
  { name: 'eu.example/prod/images/team', isSource: false },
  { name: 'us.example/prod/images/team', isSource: false },
  { name: 'us.example/prod/images', isSource: false },
  { name: 'us.example/prod/images', isSource: false },
];

test.each([
  ['eu.example', ['prod/images/team']],
  ['us.example/prod/images', ['team', '']],
  ['eu.example/prod/images/team', ['']],
  ['staging.example', ['team']],
  ['us.example/prod/imag', []],
  ['example', []],
])('at %s, names have %j before them', (place, prefixes) => {
  expect(promotedPrefixes(registries, place)).toEqual(prefixes);
});
