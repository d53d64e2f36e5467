// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { mirrorProblems } from './mirror-problems.ts';

test('all problems are counted, and the first thousand kept', () => {
  const problems = mirrorProblems();
  for (let count = 1; count <= 1_500; count += 1) problems.note(`problem ${count}`);
  expect(problems.count()).toBe(1_500);
  expect(problems.kept()).toHaveLength(1_000);
  expect(problems.kept().at(-1)).toBe('problem 1000');
});
