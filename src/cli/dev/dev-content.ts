// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { parseManifest } from '../../core/oci/manifest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { ImageSource } from '../../upstream/image-source.ts';

const BLOBS = 'blobs/';

/**
 * Puts every blob of a registry folder that a backend lacks where the default `blobPath` looks for it.
 * Only at the start: what comes later is found missing by a probe, and served from the registry.
 */
export async function fillBackend(registry: StorageDriver, backend: StorageDriver): Promise<void> {
  for await (const { key, size } of registry.list(BLOBS)) {
    const digest = key.slice(BLOBS.length).replace('/', ':');
    const target = `containers/images/${digest}`;
    if ((await backend.stat(target)) !== undefined) continue;
    const blob = await registry.read(key);
    if (blob !== undefined) await backend.write(target, blob.body, { size });
  }
}

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
