// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import { silentLog } from '../../src/log.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memorySource } from '../../src/registry/transfer/memory-source.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { addImage, addReferrer } from './registry-images.ts';
import { ask, type ReceivedAnswer, someRequest } from './registry-requests.ts';

export const LAYER = 'the bytes of a layer';
export const layer = digestOf(LAYER);
export const LARGE = 'x'.repeat(200_000);
export const absent = digestOf('absent');

type Ask = (path: string, headers?: Record<string, string>) => Promise<ReceivedAnswer>;

export interface FilledRegistry {
  readonly handler: Handler;
  /** What `team/app` has under five tags. */
  readonly image: Descriptor;
  readonly referrers: readonly Descriptor[];
  /** Asks for a path below `/v2/`. */
  readonly get: Ask;
  readonly head: Ask;
}

/** `team/app` holds an image with two referrers under five tags, `other` one with a large layer. */
export async function filledRegistry(): Promise<FilledRegistry> {
  const source = memorySource('test');
  const image = addImage(source, LAYER);
  const types = ['text/signature', 'text/sbom+x'];
  const referrers = types.map((type) => addReferrer(source, image, type));
  source.tag('v1', image.digest);
  source.tag('large', addImage(source, LARGE).digest);
  const storage = memoryDriver();
  for (const tag of ['v1', 'v2', 'V1', 'v10', 'latest']) {
    await importImage({ source, storage, repository: 'team/app', reference: 'v1', tag });
  }
  await importImage({ source, storage, repository: 'other', reference: 'large', tag: 'large' });
  const handler = pullHandler({ storage, log: silentLog });
  const asking =
    (method: string): Ask =>
    (path, headers) =>
      ask(handler, someRequest(`/v2/${path}`, headers, method));
  return { handler, image, referrers, get: asking('GET'), head: asking('HEAD') };
}

/** A store with the same small image in each of the repositories, under the tag `v1`. */
export async function storeOfOne(repositories: readonly string[]): Promise<StorageDriver> {
  const storage = memoryDriver();
  const source = memorySource('test');
  source.tag('v1', addImage(source, LAYER).digest);
  for (const repository of repositories) {
    await importImage({ source, storage, repository, reference: 'v1', tag: 'v1' });
  }
  return storage;
}
