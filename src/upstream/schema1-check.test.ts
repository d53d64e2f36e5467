// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { SIGNED_SCHEMA1, schema1, sha256, signed } from '../../test/support/schema1-image.ts';
import { parseReference } from '../core/oci/reference.ts';
import { checkSchema1 } from './schema1-check.ts';

const PLAIN = schema1(['one', 'other']);

function check(text: string, reference: string, said?: string) {
  const asked = parseReference(reference) ?? expect.fail(reference);
  const bytes = Buffer.from(text);
  return checkSchema1(asked, { bytes, mediaType: SIGNED_SCHEMA1, said, shown: 'it' }).digest;
}

test('its digest is that of its bytes, or of what is signed in them', () => {
  expect(check(PLAIN, 'v1')).toBe(sha256(PLAIN));
  expect(check(PLAIN, sha256(PLAIN))).toBe(sha256(PLAIN));
  expect(check(signed(PLAIN), sha256(PLAIN))).toBe(sha256(PLAIN));
  expect(check(signed(PLAIN), 'v1', sha256(PLAIN))).toBe(sha256(PLAIN));
  expect(check(signed(PLAIN), 'v1')).toBe(sha256(signed(PLAIN)));
});

test.each([
  ['a manifest with other layers', schema1(['evil']), sha256(PLAIN)],
  ['a signed one with other layers', signed(schema1(['evil'])), sha256(PLAIN)],
  ['a signature over nothing', '{"signatures":[{}]}', sha256(PLAIN)],
  ['a signature of another shape', '{"signatures":{"protected":7}}', sha256(PLAIN)],
  [
    'a signature of a negative length',
    signed(PLAIN).replace(
      /"protected":"[^"]*"/,
      `"protected":"${Buffer.from('{"formatLength":-1,"formatTail":""}').toString('base64url')}"`,
    ),
    sha256(PLAIN),
  ],
  ['no JSON', 'text', sha256(PLAIN)],
  ['no UTF-8', Buffer.from([0xff, 0xfe]).toString('latin1'), sha256(PLAIN)],
])('%s is refused', (_, text, digest) => {
  expect(() => check(text, digest)).toThrow(expect.objectContaining({ code: 'wrong-digest' }));
  expect(() => check(text, 'v1', digest)).toThrow('it has other bytes');
});
