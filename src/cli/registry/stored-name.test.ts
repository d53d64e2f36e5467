// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UsageError } from '../command.ts';
import { requireStoredName } from './stored-name.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.each([
  ['a/b', undefined],
  ['a/b:v1', { kind: 'tag', tag: 'v1' }],
  [`a/b@${DIGEST}`, { kind: 'digest', digest: DIGEST }],
])('%s is understood', (text, reference) => {
  expect(requireStoredName(text)).toEqual({ repository: 'a/b', reference });
});

test.each([
  '',
  'A',
  'a:',
  'a@',
  'a@v1',
  `a:${DIGEST}`,
  'a:v1:v2',
  `a:v1@${DIGEST}`,
  'host:5000/a:v1',
  '../a',
])('"%s" is refused', (text) => {
  expect(() => requireStoredName(text)).toThrow(UsageError);
});
