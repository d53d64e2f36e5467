// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { redrawnBlock } from './redrawn-block.ts';

function bench(size = { columns: 20, rows: 4 }) {
  const written: string[] = [];
  return {
    written,
    block: redrawnBlock(
      (text) => written.push(text),
      () => size,
    ),
  };
}

test('lines are drawn over those before, however many those were', () => {
  const { written, block } = bench();
  block.draw(['one', 'two']);
  block.draw(['three']);
  block.draw([]);
  block.draw(['four']);
  expect(written).toEqual([
    'one\ntwo\n',
    '\u001b[2A\u001b[0Jthree\n',
    '\u001b[1A\u001b[0J',
    'four\n',
  ]);
});

test('what is said stays above the lines', () => {
  const { written, block } = bench();
  block.say('before\n');
  block.draw(['line']);
  block.say('something\n');
  expect(written).toEqual(['before\n', 'line\n', '\u001b[1A\u001b[0Jsomething\nline\n']);
});

test('nothing is wider or higher than the terminal, or it could not be drawn over', () => {
  const { written, block } = bench({ columns: 5, rows: 3 });
  block.draw(['123456', 'two', 'three']);
  block.draw([]);
  expect(written).toEqual(['1234\ntwo\n', '\u001b[2A\u001b[0J']);
});
