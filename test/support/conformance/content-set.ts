// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Digest, DigestAlgorithm } from '../../../src/core/oci/digest.ts';
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../../src/core/oci/media-type.ts';
import { digestOf } from '../../../src/registry/store/verify-body.ts';
import { type Content, descriptorOf } from '../image-documents.ts';

/** What the referrers of a subject have to show of one of them. */
export interface ExpectedReferrer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Content to push: blobs first, then manifests in their order, then tags. */
export interface ContentSet {
  readonly algorithm: DigestAlgorithm;
  readonly blobs: Map<Digest, Content>;
  readonly manifests: Content[];
  readonly tags: Map<string, Content>;
  readonly referrers: Map<Digest, readonly ExpectedReferrer[]>;
}

/** Of a manifest; what is not here is written into it as it is. */
export interface DocumentFields {
  readonly [name: string]: unknown;
  readonly mediaType?: string;
  readonly config?: { readonly mediaType: string };
  readonly subject?: { readonly digest: Digest };
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function contentSet(algorithm: DigestAlgorithm = 'sha256'): ContentSet {
  const [blobs, manifests, tags, referrers] = [new Map(), [], new Map(), new Map()];
  return { algorithm, blobs, manifests, tags, referrers };
}

export function addBlob(
  set: ContentSet,
  mediaType: string = OCI_LAYER_GZIP,
  bytes: Uint8Array = randomBytes(512),
): Content {
  const content = { bytes, mediaType, digest: digestOf(bytes, set.algorithm) };
  set.blobs.set(content.digest, content);
  return content;
}

/** An image of two layers, unless its fields say something else. */
export function addImage(set: ContentSet, fields: DocumentFields = {}): Content {
  const { layers, config, ...others } = fields;
  return addManifest(set, {
    mediaType: OCI_MANIFEST,
    config: config ?? descriptorOf(addBlob(set, OCI_CONFIG, someConfig())),
    layers: layers ?? [descriptorOf(addBlob(set)), descriptorOf(addBlob(set))],
    ...others,
  });
}

export function addIndex(
  set: ContentSet,
  children: readonly Content[],
  fields: DocumentFields = {},
): Content {
  return addManifest(set, {
    mediaType: OCI_INDEX,
    manifests: children.map(descriptorOf),
    ...fields,
  });
}

type ManifestFields = DocumentFields & { readonly mediaType: string };

function addManifest(set: ContentSet, fields: ManifestFields): Content {
  const { mediaType, subject } = fields;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...fields }));
  const content = { bytes, mediaType, digest: digestOf(bytes, set.algorithm) };
  set.manifests.push(content);
  if (subject !== undefined) {
    const others = set.referrers.get(subject.digest) ?? [];
    set.referrers.set(subject.digest, [...others, expectedReferrer(content, fields)]);
  }
  return content;
}

function expectedReferrer(content: Content, fields: ManifestFields): ExpectedReferrer {
  const { artifactType = fields.config?.mediaType ?? '', annotations = {} } = fields;
  return { ...descriptorOf(content), artifactType, annotations };
}

function someConfig(): Uint8Array {
  return Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', author: randomText() }));
}

export function randomText(): string {
  return randomBytes(13).toString('hex');
}
