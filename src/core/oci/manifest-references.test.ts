// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { artifactTypeOf, referencesOf, referrerDescriptor } from './manifest-references.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-type.ts';

function someDescriptor(mediaType: string, letter: string): Descriptor {
  return { mediaType, digest: `sha256:${letter.repeat(64)}` as Digest, size: 1 };
}

const config = someDescriptor('application/vnd.example.config', 'a');
const layer = someDescriptor('application/vnd.example.layer', 'b');
const child = someDescriptor(OCI_MANIFEST, 'c');

test('an image refers to its config and its layers', () => {
  const image = { mediaType: OCI_MANIFEST, config, layers: [layer], manifests: [] };
  expect(referencesOf({ ...image, kind: 'image' })).toEqual({
    manifests: [],
    blobs: [config, layer],
  });
});

test('an index refers to manifests, and to blobs when it lists content that is none', () => {
  const index = { mediaType: OCI_INDEX, layers: [], manifests: [child, layer] };
  expect(referencesOf({ ...index, kind: 'index' })).toEqual({ manifests: [child], blobs: [layer] });
});

test.each([
  [{ artifactType: 'text/x', config }, 'text/x'],
  [{ artifactType: '', config }, config.mediaType],
  [{ config }, config.mediaType],
  [{}, undefined],
])('the artifact type of %j', (fields, expected) => {
  const manifest = { kind: 'image', mediaType: OCI_MANIFEST, layers: [], manifests: [] } as const;
  expect(artifactTypeOf({ ...manifest, ...fields })).toBe(expected);
});

test('a list of referrers shows what kind of artifact it is, and its annotations', () => {
  const artifact = { kind: 'image', mediaType: OCI_MANIFEST, layers: [], manifests: [] } as const;
  expect(referrerDescriptor({ ...artifact, config, annotations: { a: 'b' } }, child)).toEqual({
    ...child,
    artifactType: config.mediaType,
    annotations: { a: 'b' },
  });
  expect(referrerDescriptor(artifact, child)).toEqual(child);
});
