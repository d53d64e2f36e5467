// SPDX-License-Identifier: Apache-2.0
import type { HostRequest } from './doctor-host.ts';
import { type FakeAnswer, json } from './fake-upstream.ts';
import {
  type Content,
  contentOf,
  descriptorOf,
  sha256Of,
  someIndex,
  someManifest,
} from './image-documents.ts';

/** Larger than what is read of a blob that is not read whole. */
const LAYER = Buffer.alloc(5_000, 'layer ');
export const LAYER_DIGEST = sha256Of(LAYER);
export const LAYER_SIZE = LAYER.byteLength;

const config = contentOf({ os: 'linux' }, 'application/vnd.oci.image.config.v1+json');
export const CONFIG_DIGEST = config.digest;
const layer: Content = {
  bytes: LAYER,
  digest: LAYER_DIGEST,
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
};
const manifest = someManifest({ config: descriptorOf(config), layers: [descriptorOf(layer)] });
export const MANIFEST_DIGEST = manifest.digest;
const platform = { os: 'linux', architecture: 'amd64' };
const index = someIndex([{ ...descriptorOf(manifest), platform }]);

const CONTENT: ReadonlyMap<string, Content> = new Map([
  ['/v2/hello/manifests/v1', index],
  [`/v2/hello/manifests/${manifest.digest}`, manifest],
  [`/v2/hello/blobs/${config.digest}`, config],
  [`/v2/hello/blobs/${layer.digest}`, layer],
]);

/** `hello:v1`, an index of one platform with a config and a layer, as a registry that is well serves it. */
export function serveHello({ method, target, range }: HostRequest): FakeAnswer | undefined {
  const [path = ''] = target.split('?');
  if (path === '/v2/') return json({});
  const content = CONTENT.get(path);
  if (content === undefined) return undefined;
  return contentAnswer(content, method === 'GET' ? range : undefined);
}

/** A backend: the same blobs by their digests. */
export function serveBlobs(request: HostRequest): FakeAnswer | undefined {
  return serveHello({ ...request, target: `/v2/hello/blobs${request.target}` });
}

function contentAnswer({ bytes, mediaType, digest }: Content, range: string | undefined) {
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest };
  const last = Number(/^bytes=0-(\d+)$/.exec(range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(last)) {
    return { headers: { ...headers, 'content-length': String(bytes.byteLength) }, body: bytes };
  }
  const part = bytes.subarray(0, last + 1);
  const contentRange = `bytes 0-${part.byteLength - 1}/${bytes.byteLength}`;
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part };
}
