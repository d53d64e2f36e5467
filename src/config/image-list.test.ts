// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseImageList } from './image-list.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

describe('parseImageList', () => {
  test('reads names and digests, with tags of every spelling and without any', () => {
    const text = `
# a comment
- name: tool
  dmap:
    "${DIGEST}": ["1.10", 1e3, no]
    ${OTHER}:
    - 1.19.0-alpha.2
- name: team/other
  dmap:
    "${DIGEST}": []
    "${OTHER}":
`;
    expect(parseImageList(text)).toEqual({
      images: [
        { name: 'tool', digests: [DIGEST, OTHER] },
        { name: 'team/other', digests: [DIGEST, OTHER] },
      ],
      registries: [],
      problems: [],
    });
  });

  test('reads a whole manifest, with its registries', () => {
    const text = `
registries:
- name: staging.example/team
  src: true
- name: prod.example/images/team
  service-account: robot@example
imagesPath: ignored
images:
- { name: tool, dmap: { "${DIGEST}": [v1] } }
`;
    expect(parseImageList(text)).toEqual({
      images: [{ name: 'tool', digests: [DIGEST] }],
      registries: [
        { name: 'staging.example/team', isSource: true },
        { name: 'prod.example/images/team', isSource: false },
      ],
      problems: [],
    });
  });

  test.each([
    '',
    '# nothing yet\n',
    '[]',
    'registries: []\nimages:\n',
    'images: []',
    '- name: a\n  dmap:\n',
  ])('nothing is no problem: %j', (text) => {
    expect(parseImageList(text)).toEqual({ images: [], registries: [], problems: [] });
  });

  test('names every problem with its line, and keeps the rest', () => {
    const text = `- name: tool
  dmap:
    "sha256:abc": [v1]
    "${DIGEST}": [v1, "a b", [x]]
- name: ../etc
  dmap: {}
- dmap: {}
- name: bare
- text
- name: __proto__
  dmap: { __proto__: [v1] }
`;
    const { images, problems } = parseImageList(text);
    expect(images).toEqual([{ name: 'tool', digests: [DIGEST] }]);
    expect(problems).toEqual([
      'line 3: "sha256:abc" is no digest',
      'line 4: "a b" is no tag',
      'line 4: "" is no tag',
      'line 5: "../etc" is no name of an image',
      'line 7: "" is no name of an image',
      'line 8: "bare" has no dmap: it maps digests to lists of tags',
      'line 9: expected a name and what belongs to it',
      'line 10: "__proto__" is no name of an image',
    ]);
  });

  test.each([
    ['a: [', /^line 1: /],
    ['images: tool', /^line 1: expected a list$/],
    ['renames: []', /^line 1: "renames" is no key of a manifest$/],
    ['\nregistries:\n- src: true', /^line 3: the registry has no name$/],
    [`x: &x ["${DIGEST}"]\nimages: *x`, /^line 1: "x" is no key of a manifest$/],
  ])('%j is no list of images', (text, problem) => {
    expect(parseImageList(text).problems[0]).toMatch(problem);
  });
});
