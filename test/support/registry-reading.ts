// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { ask, someRequest } from './registry-requests.ts';

/**
 * Pulls everything that a reference leads to, as clients do: manifests with their children, blobs and
 * referrers, each compared with its digest and size.
 *
 * @returns the digests, without repetition, in the order they were met
 */
export async function pullAll(
  handler: Handler,
  repository: string,
  reference: string,
): Promise<string[]> {
  const met = new Set<string>();
  const manifest = async (wanted: string): Promise<void> => {
    const { headers, bytes, text } = await get(`manifests/${wanted}`);
    const digest = headers['docker-content-digest'] ?? '';
    if (met.has(digest)) return;
    expectBytes(digest, bytes);
    met.add(digest);
    const { config, layers = [], manifests = [] } = JSON.parse(text);
    for (const child of manifests) await manifest(child.digest);
    for (const blob of config === undefined ? layers : [config, ...layers]) await pullBlob(blob);
    const referrers = JSON.parse((await get(`referrers/${digest}`)).text);
    for (const referrer of referrers.manifests) await manifest(referrer.digest);
  };
  const pullBlob = async ({ digest, size }: Descriptor): Promise<void> => {
    const { bytes } = await get(`blobs/${digest}`);
    expectBytes(digest, bytes);
    if (bytes.byteLength !== size) throw new Error(`${digest} has ${bytes.byteLength} bytes`);
    met.add(digest);
  };
  const get = (path: string) => ask(handler, someRequest(`/v2/${repository}/${path}`));
  await manifest(reference);
  return [...met];
}

function expectBytes(digest: string, bytes: Uint8Array): void {
  const [algorithm = '', hex] = digest.split(':');
  const found = createHash(algorithm).update(bytes).digest('hex');
  if (found !== hex) throw new Error(`${digest} has the bytes of ${found}`);
}
