// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { rewriteLinks, rewriteTags } from './rewrite-list.ts';

const HEX = 'a'.repeat(64);
const TAGS = {
  upstreamUrl: 'https://up.example',
  upstreamRepository: 'acme/images/pause',
  repository: 'pause',
  path: 'tags/list',
};
const REFERRERS = { ...TAGS, path: `referrers/sha256:${HEX}` };

describe('rewriteLinks', () => {
  test.each([
    ['</v2/acme/images/pause/tags/list?n=2&last=v%2B1>; rel="next"', '?n=2&last=v%2B1'],
    ['</v2/acme/images/pause/tags/list>; rel=next', ''],
    [
      '<https://up.example/v2/acme/images/pause/tags/list?next_page=x==>; rel="next"',
      '?next_page=x==',
    ],
    ['<?n=2&last=/v2/other>; rel="next"', '?n=2&last=/v2/other'],
  ])('%s leads to us', (header, query) => {
    expect(rewriteLinks(header, TAGS)).toBe(`</v2/pause/tags/list${query}>; rel="next"`);
  });

  test('every link is rewritten, with all it says', () => {
    const own = '/v2/acme/images/pause/tags/list';
    expect(rewriteLinks(`<${own}?b>; rel="prev", <${own}?a>; rel="next"; title="x"`, TAGS)).toBe(
      '</v2/pause/tags/list?b>; rel="prev", </v2/pause/tags/list?a>; rel="next"; title="x"',
    );
  });

  test('referrers are recognised however the digest is encoded', () => {
    for (const colon of [':', '%3A', '%3a']) {
      const header = `</v2/acme/images/pause/referrers/sha256${colon}${HEX}?x=1>; rel="next"`;
      expect(rewriteLinks(header, REFERRERS)).toBe(`</v2/pause/${REFERRERS.path}?x=1>; rel="next"`);
    }
  });

  test.each([
    'https://evil.example/v2/acme/images/pause/tags/list',
    'https://up.example.evil.example/v2/acme/images/pause/tags/list',
    'https://up.example@evil.example/v2/acme/images/pause/tags/list',
    'http://up.example/v2/acme/images/pause/tags/list',
    '//evil.example/v2/acme/images/pause/tags/list',
    '/v2/acme/images/other/tags/list',
    '/v2/pause/tags/list',
    '/v2/acme/images/pause/../other/tags/list',
    '/v2/acme/images/pause/%2e%2e/other/tags/list',
    '/v2/acme/images/pause/manifests/latest',
    `/v2/acme/images/pause/referrers/sha256:${HEX}`,
    '/v2/acme/images/pause/tags/list#x',
    'tags/list?n=1',
    'list?n=1',
    '',
    'javascript:alert(1)',
  ])('a link to "%s" is a doubt', (target) => {
    expect(rewriteLinks(`<${target}>; rel="next"`, TAGS)).toBeUndefined();
  });

  test('so is another subject, another repository, or a malformed header', () => {
    const other = `referrers/sha256:${'b'.repeat(64)}`;
    expect(rewriteLinks(`</v2/acme/images/pause/${other}>`, REFERRERS)).toBeUndefined();
    expect(rewriteLinks(`</v2/x/${REFERRERS.path}>`, REFERRERS)).toBeUndefined();
    expect(rewriteLinks('</v2/acme/images/pause/tags/list>', REFERRERS)).toBeUndefined();
    expect(rewriteLinks('/v2/acme/images/pause/tags/list', TAGS)).toBeUndefined();
  });

  test('whatever the target, the result leads to our name of the list or nowhere', () => {
    const target = fc.array(
      fc.constantFrom(
        '/',
        '/v2/',
        'acme/images/pause',
        'tags/list',
        '..',
        '%2e',
        '?',
        '#',
        '//',
        '@',
        ':',
        'https:',
        'up.example',
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(target, (parts) => {
        const rewritten = rewriteLinks(`<${parts.join('')}>; rel="next"`, TAGS);
        expect(rewritten ?? '</v2/pause/tags/list>').toMatch(/^<\/v2\/pause\/tags\/list[?>]/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('rewriteTags', () => {
  test.each([
    ['{"name":"up","tags":["a"]}', '{"name":"pause","tags":["a"]}'],
    ['{"tags":null,"name":"up"}', '{"tags":null,"name":"pause"}'],
    [' { "name" : "up" , "tags" : [ ] } ', ' { "name" : "pause" , "tags" : [ ] } '],
    ['{"n\\u0061me":"up","tags":[]}', '{"n\\u0061me":"pause","tags":[]}'],
    ['{"name":"a\\"b\\\\","tags":["name"]}', '{"name":"pause","tags":["name"]}'],
    ['{"name":"up","name":"again","tags":[]}', '{"name":"pause","name":"pause","tags":[]}'],
    ['{"name":{"x":"y"},"name":"up","tags":[]}', '{"name":{"x":"y"},"name":"pause","tags":[]}'],
    ['{"name":1,"name":"up","tags":[]}', '{"name":1,"name":"pause","tags":[]}'],
    [
      '{"manifest":{"name":"x","size":12345678901234567890},"child":[{"name":"y"}],"name":"up","tags":[],"x":["name","z"]}',
      '{"manifest":{"name":"x","size":12345678901234567890},"child":[{"name":"y"}],"name":"pause","tags":[],"x":["name","z"]}',
    ],
    [
      '{"__proto__":{"name":"x"},"name":"up","tags":[],"constructor":"name"}',
      '{"__proto__":{"name":"x"},"name":"pause","tags":[],"constructor":"name"}',
    ],
  ])('%s', (text, expected) => {
    expect(rewriteTags(text, 'pause')).toBe(expected);
  });

  test.each([
    '',
    'null',
    '[]',
    '"name"',
    '<html></html>',
    '{"tags":[]}',
    '{"name":"up"}',
    '{"name":5,"tags":[]}',
    '{"name":"up","tags":{}}',
    '{"name":"up","tags":["a",1]}',
    '{"name":"up","tags":[]}x',
    '{"__proto__":{"name":"up","tags":[]}}',
    '\ufeff{"name":"up","tags":[]}',
  ])('%s is no tags list', (text) => {
    expect(rewriteTags(text, 'pause')).toBeUndefined();
  });

  test('whatever else a list says stays as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (rest, name) => {
        const list = { ...rest, name, tags: ['a'] };
        const rewritten = JSON.parse(rewriteTags(JSON.stringify(list), 'a/b') ?? '');
        expect(rewritten).toEqual({ ...JSON.parse(JSON.stringify(list)), name: 'a/b' });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('threat 25: depth and length exhaust nothing', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const long = '\\\\'.repeat(1_000_000);
    const text = `{"deep":${deep},"long":"${long}","name":"up","tags":[]}`;
    expect(rewriteTags(text, 'pause')).toBe(text.replace('"up"', '"pause"'));
  });
});
