// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { openJsonList } from './json-list.ts';

function written(entries: readonly unknown[], head = {}, rest = {}): unknown {
  let text = '';
  const list = openJsonList((piece) => (text += piece), 'tags', head);
  for (const entry of entries) list.add(entry);
  list.end(rest);
  return JSON.parse(text);
}

test('the pieces are one JSON object, however many entries there are', () => {
  expect(written([])).toEqual({ tags: [] });
  expect(written([{ a: 1 }, 'b'])).toEqual({ tags: [{ a: 1 }, 'b'] });
});

test('members stand before and after the list, and those without a value nowhere', () => {
  expect(written([1], { name: 'x', none: undefined }, { whole: true })).toEqual({
    name: 'x',
    tags: [1],
    whole: true,
  });
});
