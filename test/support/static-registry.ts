// SPDX-License-Identifier: Apache-2.0
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP } from '../../src/core/oci/media-type.ts';
import type { FakeAnswer } from './fake-upstream.ts';
import { json } from './fake-upstream.ts';
import {
  type Content,
  descriptorOf,
  sha256Of,
  someIndex,
  someManifest,
} from './image-documents.ts';

/** A registry as it should be: what it answers, for a server that may answer otherwise. */
export interface StaticRegistry {
  /** Undefined for what it does not have. */
  readonly answer: (target: string) => FakeAnswer | undefined;
  /** The digests of everything that its tags lead to. */
  readonly digests: readonly string[];
  /** A layer of 300,000 bytes, which only `team/app` has. */
  readonly layer: Content;
  /** One of the manifests that the index of `team/app:v1` lists. */
  readonly platform: Content;
  readonly index: Content;
}

/** `team/app:v1`, an index of two images, and `other:v1`, which has a layer with one of them in common. */
export function staticRegistry(): StaticRegistry {
  const config = blob('{}', OCI_CONFIG);
  const [layer, shared, own] = ['x'.repeat(300_000), 'shared', 'own'].map((text) =>
    blob(text, OCI_LAYER_GZIP),
  ) as [Content, Content, Content];
  const image = (...layers: Content[]) =>
    someManifest({ config: descriptorOf(config), layers: layers.map(descriptorOf) });
  const platforms = [image(layer, shared), image(shared)];
  const [platform] = platforms as [Content, Content];
  const index = someIndex(platforms.map(descriptorOf));
  const other = image(shared, own);
  const pages = new Map<string, FakeAnswer>([
    ...repository('team/app', index, [index, ...platforms], [config, layer, shared]),
    ...repository('other', other, [other], [config, shared, own]),
  ]);
  const everything = [config, layer, shared, own, index, other, ...platforms];
  const digests = [...new Set(everything.map(({ digest }) => digest))].sort();
  return { answer: (target) => pages.get(target), digests, layer, platform, index };
}

function blob(text: string, mediaType: string): Content {
  return { bytes: Buffer.from(text), digest: sha256Of(text), mediaType };
}

function* repository(
  name: string,
  tagged: Content,
  manifests: readonly Content[],
  blobs: readonly Content[],
): Generator<[string, FakeAnswer]> {
  const base = `/v2/${name}`;
  yield [`${base}/tags/list?n=1000`, json({ name, tags: ['v1'] })];
  yield [`${base}/manifests/v1`, served(tagged)];
  for (const content of manifests) {
    yield [`${base}/manifests/${content.digest}`, served(content)];
    const headers = { 'content-type': OCI_INDEX };
    const none = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    yield [`${base}/referrers/${content.digest}`, json(none, headers)];
  }
  for (const content of blobs) yield [`${base}/blobs/${content.digest}`, served(content)];
}

function served({ bytes, mediaType, digest }: Content): FakeAnswer {
  return {
    headers: {
      'content-type': mediaType,
      'content-length': String(bytes.byteLength),
      'docker-content-digest': digest,
    },
    body: bytes,
  };
}
