// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { Digest } from '../../core/oci/digest.ts';
import {
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../core/oci/media-type.ts';
import type { ImageSource } from '../../upstream/image-source.ts';
import { type MemorySource, memorySource } from './memory-source.ts';
import { sampleLayers } from './sample-layers.ts';

const TAG = 'v1';
const SBOM = 'application/spdx+json';

/**
 * An image to look at: two platforms of three layers each, two of which they have in common, and a bill of
 * materials attached to it. Always the same bytes.
 */
export function sampleImage(): ImageSource {
  const source = memorySource('the sample image');
  const platforms = ['amd64', 'arm64'].map((architecture) => addPlatform(source, architecture));
  const index = source.addManifest({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: platforms,
    annotations: { 'org.opencontainers.image.title': 'Archeion sample image' },
  });
  source.tag(TAG, index.digest);
  addBillOfMaterials(source, index);
  return source;
}

function addPlatform(source: MemorySource, architecture: string): Descriptor {
  const layers = sampleLayers(architecture);
  const config = {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Labels: { 'org.opencontainers.image.title': 'Archeion sample image' } },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ createdBy }) => ({ created_by: createdBy })),
  };
  const manifest = source.addManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: source.addBlob(OCI_CONFIG, JSON.stringify(config)),
    layers: layers.map(({ compressed }) => source.addBlob(OCI_LAYER_GZIP, compressed)),
  });
  return { ...manifest, platform: { os: 'linux', architecture } };
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage */
function addBillOfMaterials(source: MemorySource, subject: Descriptor): Digest {
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: 'archeion-sample',
    documentNamespace: 'https://example.org/archeion-sample',
    creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: archeion'] },
    packages: [],
  };
  return source.addManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: SBOM,
    config: source.addBlob(OCI_EMPTY, '{}'),
    layers: [source.addBlob(SBOM, JSON.stringify(document))],
    subject,
  }).digest;
}
