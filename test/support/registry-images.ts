// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/core/oci/media-type.ts';
import type { MemorySource } from '../../src/registry/transfer/memory-source.ts';

/** An image of one layer with the given content. */
export function addImage(source: MemorySource, content: string, fields: object = {}): Descriptor {
  return source.addManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: source.addBlob(OCI_CONFIG, `{"content":${JSON.stringify(content)}}`),
    layers: [source.addBlob(OCI_LAYER_GZIP, content)],
    ...fields,
  });
}

export function addIndex(
  source: MemorySource,
  manifests: readonly Descriptor[],
  fields: object = {},
): Descriptor {
  return source.addManifest({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...fields });
}

/** An artifact about something. */
export function addReferrer(
  source: MemorySource,
  subject: Descriptor,
  artifactType: string,
): Descriptor {
  return addImage(source, `about ${subject.digest}`, { subject, artifactType });
}
