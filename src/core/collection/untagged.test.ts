// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { type KnownManifest, untaggedManifests } from './untagged.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const [A, B, C] = [digest('a'), digest('b'), digest('c')];

function known(fields: Partial<KnownManifest> = {}): KnownManifest {
  return { writtenAt: 0, manifests: [], subject: undefined, ...fields };
}

function untagged(manifests: ReadonlyArray<[Digest, KnownManifest]>, tagged: Digest[] = []) {
  return untaggedManifests({ manifests: new Map(manifests), tagged: new Set(tagged) }, 10);
}

test('what has no tag and is old goes; a tag or its youth keeps it', () => {
  expect(untagged([[A, known({ writtenAt: 10 })]])).toEqual([A]);
  expect(untagged([[A, known({ writtenAt: 11 })]])).toEqual([]);
  expect(untagged([[A, known()]], [A])).toEqual([]);
});

test('an index goes before what it lists', () => {
  expect(
    untagged([
      [A, known({ manifests: [B] })],
      [B, known()],
    ]),
  ).toEqual([A]);
  expect(untagged([[B, known()]])).toEqual([B]);
  expect(
    untagged(
      [
        [A, known({ manifests: [B] })],
        [B, known()],
      ],
      [A],
    ),
  ).toEqual([]);
});

test('what is about something stays as long as that is there', () => {
  const about: [Digest, KnownManifest] = [B, known({ subject: A })];
  expect(untagged([[A, known()], about], [A])).toEqual([]);
  expect(untagged([[A, known()], about])).toEqual([A]);
  expect(untagged([[C, known()], about], [C])).toEqual([B]);
});
