// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { digestOf, pushBlob, put } from './registry-site.ts';

/** One repository of many images, some of whose layers are those of others. */
export interface MirroredImages {
  readonly repository: string;
  readonly images: number;
  /** Of every blob, by its digest. */
  readonly sizes: ReadonlyMap<string, number>;
}

const LAYERS = 5;
const LAYER_BYTES = 2 * 1024 * 1024;
/** Every third layer is one of so many that images share. */
const SHARED = 10;

/** Fills a registry: each layer is pushed once, whoever else has it. */
export async function pushImages(host: string, images: number): Promise<MirroredImages> {
  const repository = 'bench/images';
  const sizes = new Map<string, number>();
  const push = async (bytes: Buffer, mediaType: string) => {
    await pushBlob(host, repository, bytes);
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
    sizes.set(descriptor.digest, descriptor.size);
    return descriptor;
  };
  const pushLayer = () => push(randomBytes(LAYER_BYTES), OCI_LAYER_GZIP);
  const shared = [];
  for (let count = 0; count < SHARED; count += 1) shared.push(await pushLayer());
  for (let image = 0; image < images; image += 1) {
    const config = await push(Buffer.from(JSON.stringify({ image })), OCI_CONFIG);
    const layers = [];
    for (let layer = image * LAYERS; layer < (image + 1) * LAYERS; layer += 1)
      layers.push((layer % 3 === 0 && shared[(layer / 3) % SHARED]) || (await pushLayer()));
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
    const bytes = Buffer.from(JSON.stringify(manifest));
    await put(`http://${host}/v2/${repository}/manifests/v${image}`, bytes, OCI_MANIFEST);
  }
  return { repository, images, sizes };
}
