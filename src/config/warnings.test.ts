// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { warningsOf } from './warnings.ts';

function warnings(document: Readonly<Record<string, unknown>>): string[] {
  const upstreams = [{ name: 'main', url: 'https://upstream.example' }];
  const result = parseConfig({ upstreams, ...document });
  return result.ok ? warningsOf(result.config) : expect.fail(result.problems.join());
}

test.each([
  ['https://cdn.images.example.org', 1],
  ['https://images.example.org:8443/x', 1],
  ['https://cdnimages.example.org', 0],
  ['https://example.org', 0],
])('of a backend at %s below images.example.org there are %i warnings', (url, count) => {
  const backends = [{ name: 'cdn', url }];
  expect(warnings({ publicName: 'images.example.org', backends })).toHaveLength(count);
  expect(warnings({ backends })).toEqual([]);
});

test('credentials that nobody could use are worth one', () => {
  const credentials = { username: 'puller', passwordFile: 'password' };
  const main = { name: 'main', url: 'https://upstream.example', credentials };
  expect(warnings({ upstreams: [main] })).toEqual([expect.stringContaining('deliver: proxy')]);
  expect(warnings({ upstreams: [{ ...main, deliver: 'proxy' }] })).toEqual([]);
});
