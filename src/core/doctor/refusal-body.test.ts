// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { printable } from './printable.ts';
import { bodyKindOf } from './refusal-body.ts';

test.each([
  ['nothing', '', { kind: 'empty' }],
  ['white space', ' \r\n', { kind: 'empty' }],
  [
    "a CDN's page",
    '\ufeff<!DOCTYPE html>\n<html><head><title>\nNot available in your location</title>',
    { kind: 'html', title: 'Not available in your location' },
  ],
  ['a page without a title', '<html><body><h1>403', { kind: 'html' }],
  [
    'a page whose title would move the cursor',
    '<html><title>\u001b[2Jgone</title>',
    { kind: 'html', title: '?[2Jgone' },
  ],
  [
    'a bucket that refuses',
    `<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><AWSAccessKeyId>secret</AWSAccessKeyId>`,
    { kind: 'xml', code: 'AccessDenied' },
  ],
  ['some XML', '<?xml version="1.0"?><list/>', { kind: 'xml' }],
  [
    "the specification's error",
    '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"secret"},{"code":"has spaces"},{},"x"]}',
    { kind: 'oci-error', codes: ['MANIFEST_UNKNOWN'] },
  ],
  ['other JSON', '{"schemaVersion":2}', { kind: 'json' }],
  ['JSON cut off', '{"errors":[{"co', { kind: 'json' }],
  ['a layer', '\u001f\u008b\u0008', { kind: 'other' }],
])('recognises %s', (_name, text, kind) => {
  expect(bodyKindOf(text)).toEqual(kind);
});

test('text from the wire is shown without what a terminal would obey, and cut', () => {
  expect(printable('a\u001b]0;x\u0007\u202eb', 40)).toBe('a?]0;x??b');
  expect(printable('Zürich 東京 e\u0301', 40)).toBe('Zürich 東京 e\u0301');
  expect(printable('abcdef', 3)).toBe('abc…');
});
