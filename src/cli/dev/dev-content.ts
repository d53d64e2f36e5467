// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { parseManifest } from '../../core/oci/manifest.ts';
import type { ImageSource } from '../../upstream/image-source.ts';

/** A layer to ask for: the first of the first platform. */
export async function firstLayerOf(source: ImageSource, reference: string): Promise<Digest> {
  const found = await source.fetchManifest(reference);
  const text = new TextDecoder().decode(found?.bytes);
  const result = parseManifest(text, found?.mediaType);
  const [child] = result.ok ? result.manifest.manifests : [];
  const [layer] = result.ok ? result.manifest.layers : [];
  if (layer !== undefined) return layer.digest;
  if (child === undefined) throw new Error(`"${source.name}" has no layers`);
  return firstLayerOf(source, child.digest);
}
