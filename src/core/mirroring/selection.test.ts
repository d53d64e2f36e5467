// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { isExclusion, parseSelection, parseSelections, selectTags } from './selection.ts';

function select(texts: readonly string[], repository: string, tags: readonly string[]) {
  return selectTags(parseSelections(texts), repository, tags);
}

test('a name without a tag means all of its tags, a pattern those that fit', () => {
  expect(select(['app'], 'app', ['v1', 'latest'])).toEqual(['v1', 'latest']);
  expect(select(['app:v*'], 'app', ['v1', 'latest'])).toEqual(['v1']);
  expect(select(['team/*:v1', 'app'], 'team/app', ['v1', 'v2'])).toEqual(['v1']);
  expect(select(['team/*'], 'team/app/deep', ['v1'])).toEqual([]);
  expect(select(['team/**'], 'team/app/deep', ['v1'])).toEqual(['v1']);
});

test('what begins with an exclamation mark is taken away, wherever it stands', () => {
  const texts = ['!team/tmp-*', 'team/*', 'other:v*', '!team/app:*-rc*', '!**:dev'];
  expect(select(texts, 'team/tmp-1', ['v1'])).toEqual([]);
  expect(select(texts, 'team/app', ['v1', 'v1-rc1', 'dev'])).toEqual(['v1']);
  expect(select(texts, 'other', ['v1-rc1', 'dev', 'latest'])).toEqual(['v1-rc1']);
  expect(texts.filter(isExclusion)).toHaveLength(3);
});

test('a repository that is named and taken away is not asked for', () => {
  const selections = parseSelections(['app', 'tool', '!app', '!App', 'App']);
  expect(selections.map(({ repository }) => repository)).toEqual(['tool']);
});

test('a single repository needs no catalogue', () => {
  expect(parseSelection('team/app:v*')?.repository).toBe('team/app');
  expect(parseSelection('team/*')?.repository).toBeUndefined();
});

test.each([
  ['**', ''],
  ['team*', ''],
  ['team/*', 'team'],
  ['prod/images/**/app:v*', 'prod/images'],
  ['prod/images*/app', 'prod'],
  ['team/app', 'team'],
])('all that "%s" means is below "%s"', (text, below) => {
  expect(parseSelection(text)?.below).toBe(below);
});

test.each(['', 'App', 'app:', ':v1', 'app:v/1', 'a***', 'app@sha256:00', 'app:v1:v2'])(
  '"%s" means nothing',
  (text) => expect(parseSelection(text)).toBeUndefined(),
);
