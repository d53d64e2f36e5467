// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../core/oci/media-type.ts';
import { REF_NAME, withEntries } from './layout-index.ts';

function entry(letter: string, name?: string): Descriptor {
  const digest = `sha256:${letter.repeat(64)}` as Digest;
  const annotations = name === undefined ? {} : { annotations: { [REF_NAME]: name } };
  return { mediaType: OCI_MANIFEST, digest, size: 1, ...annotations };
}

function merged(manifests: unknown, added: readonly Descriptor[], fields = {}): unknown {
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, ...fields, manifests }));
  return JSON.parse(withEntries(index, added, 'x'));
}

test('a new layout has the entries it is given', () => {
  expect(JSON.parse(withEntries(undefined, [entry('a', 'v1'), entry('b')], 'x'))).toEqual({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [entry('a', 'v1'), entry('b')],
  });
});

test('a name moves to what is added, everything else stays', () => {
  const other = { digest: 'x', unknown: [1] };
  expect(
    merged([entry('a', 'v1'), other, entry('c', 'v2')], [entry('b', 'v1')], { extra: true }),
  ).toEqual({
    schemaVersion: 2,
    extra: true,
    manifests: [other, entry('c', 'v2'), entry('b', 'v1')],
  });
});

test('what has no name comes once', () => {
  expect(merged([entry('a', 'v1'), entry('b')], [entry('a'), entry('b'), entry('c')])).toEqual({
    schemaVersion: 2,
    manifests: [entry('a', 'v1'), entry('b'), entry('c')],
  });
});

test('a list that is null is an empty one, as Go writes it', () => {
  expect(merged(null, [entry('a')])).toEqual({ schemaVersion: 2, manifests: [entry('a')] });
});

test.each(['', '[]', '{"manifests":{}}', '{"manifests":[],"manifests":[]}', '\xff'])(
  'an index that says %j is left alone',
  (text) => {
    expect(() => withEntries(Buffer.from(text, 'latin1'), [entry('a')], 'x')).toThrow(
      'malformed index',
    );
  },
);
