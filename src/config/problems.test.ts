// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseConfig, parseYaml } from './config.ts';
import { parseMirrorConfig } from './mirror.ts';
import { parseRegistryConfig } from './registry.ts';

type Parse = (document: unknown) => { ok: boolean; problems?: readonly string[] };

const PARSERS = { front: parseConfig, registry: parseRegistryConfig, mirror: parseMirrorConfig };

function problemsIn(kind: keyof typeof PARSERS, text: string): readonly string[] {
  const read = parseYaml(text);
  if (!read.ok) return read.problems;
  const parse: Parse = PARSERS[kind];
  return parse(read.document).problems ?? [];
}

const UPSTREAM = 'upstreams: [{ name: main, url: https://main.example }]\n';
const STORAGE = 'storage: { kind: filesystem, directory: x }\n';
const TARGETS = 'targets: [{ name: a, storage: { kind: filesystem, directory: t } }]\n';

describe('what is wrong with a file is said in the words of those who write it', () => {
  test.each([
    ['front', 'an empty file', '', '(document): expected keys with values'],
    [
      'front',
      'a key with a typing mistake',
      'upstrems: []',
      'unknown key "upstrems": did you mean "upstreams"?',
    ],
    [
      'front',
      'a key with a typing mistake in a list',
      'upstreams: [{ name: a, url: https://a.example, repositoryPrefx: x }]',
      'upstreams.0: unknown key "repositoryPrefx": did you mean "repositoryPrefix"?',
    ],
    [
      'front',
      'a key at a level that has none of the kind',
      `${UPSTREAM}url: https://a.example`,
      'unknown key "url": look at its spelling and indentation; known here are listen, admin',
    ],
    [
      'front',
      'a list without dashes',
      'upstreams: { name: a }',
      'upstreams: expected a list: [one, other]',
    ],
    [
      'front',
      'a port in letters',
      `${UPSTREAM}listen: { port: http }`,
      'listen.port: expected a number; here is a text',
    ],
    [
      'front',
      'a URL without a scheme',
      'upstreams: [{ name: a, url: a.example }]',
      'such as https://example.org',
    ],
    [
      'front',
      'a word that is none of those known',
      `${UPSTREAM}routing: [{ blobs: [upstream], deliver: maybe }]`,
      'routing.0.deliver: expected one of redirect, proxy, deny',
    ],
    [
      'front',
      'what may be a text or a list, and is neither',
      `${UPSTREAM}routing: [{ client: { cloud: 5 }, blobs: [upstream] }]`,
      'routing.0.client.cloud: expected a text; here is a number, or expected a list',
    ],
    [
      'front',
      'a pattern without quotes',
      'repositories: { list: [**] }',
      'put what begins with * or ! in quotes',
    ],
    [
      'front',
      'entries that are not indented alike',
      'upstreams:\n  - name: a\n  url: b',
      'same column at line 3, column 1',
    ],
    [
      'registry',
      'a kind that is none',
      'storage: { kind: s4 }',
      'storage.kind: expected one of filesystem, s3, gcs, azure-blob',
    ],
    [
      'registry',
      'one text where a list is wanted',
      `${STORAGE}access: { rules: [{ users: bob, repositories: ["**"], actions: [pull] }] }`,
      'access.rules.0.users: expected a list',
    ],
    ['registry', 'no storage', 'readOnly: true', 'storage: has to be there'],
    [
      'registry',
      'a key of another kind of storage',
      'storage: { kind: s3, bukket: a }',
      'did you mean "bucket"?',
    ],
    [
      'mirror',
      'a key in the singular',
      `${TARGETS}source: { url: https://a.example, repository: [a] }`,
      'did you mean "repositories"?',
    ],
    [
      'mirror',
      'an exclusion without quotes',
      `${TARGETS}source: { url: https://a.example, repositories: [a, !team/b] }`,
      'put what begins with * or ! in quotes',
    ],
  ] as const)('%s: %s', (kind, _, text, problem) => {
    expect(problemsIn(kind, text).join('\n')).toContain(problem);
  });
});
