// SPDX-License-Identifier: Apache-2.0

import { mapStream } from '../../core/map-stream.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { blobKey, LAYOUT_KEY, LINKS_PREFIX, repositoryPrefix } from '../store/layout.ts';
import { readKey } from '../store/read-key.ts';
import type { CheckPorts } from './check-ports.ts';
import { damage, type Finding } from './finding.ts';
import { checkObject } from './store-checks.ts';

export interface VerifyOptions {
  readonly storage: StorageDriver;
  /** Only this one, and the blobs it links; left out, everything. */
  readonly repository?: string | undefined;
  readonly acceptsMissing?: boolean;
  /** Waits before what is amiss is looked at again; left out, not at all. */
  readonly settle?: () => Promise<unknown>;
  readonly signal?: AbortSignal;
}

export interface Verification {
  /** To be read to its end; nothing is looked at before it is asked for. */
  readonly findings: AsyncIterable<Finding>;
  readonly progress: () => { readonly objects: number; readonly bytes: number };
}

/** Objects looked at at once. One of them may be a large blob, of which a piece is held at a time. */
const AT_ONCE = 8;

/**
 * Looks at every object of a store, and hashes all bytes; findings come in the order of the keys. Safe beside
 * whoever writes to it.
 */
export function verifyStore(options: VerifyOptions): Verification {
  const { storage, repository, acceptsMissing = false, settle = atOnce, signal } = options;
  let [objects, bytes] = [0, 0];
  const read = (more: number) => {
    bytes += more;
  };
  const ports: CheckPorts = { storage, acceptsMissing, read, settle, signal };
  const work = async (key: string) => {
    signal?.throwIfAborted();
    const found = await checkObject(ports, key);
    objects += 1;
    return found;
  };
  const keys = repository === undefined ? allKeys(storage) : keysOf(storage, repository);
  return {
    findings: findingsIn(mapStream(keys, AT_ONCE, work), storage),
    progress: () => ({ objects, bytes }),
  };
}

async function atOnce(): Promise<void> {}

async function* findingsIn(
  lists: AsyncIterable<readonly Finding[]>,
  storage: StorageDriver,
): AsyncGenerator<Finding, void, undefined> {
  for await (const list of lists) yield* list;
  if ((await storage.stat(LAYOUT_KEY)) !== undefined) return;
  yield damage(LAYOUT_KEY, 'it is not there', 'write {"version":1} there, or import something');
}

async function* allKeys(storage: StorageDriver): AsyncGenerator<string, void, undefined> {
  for await (const { key } of storage.list('')) yield key;
}

/** Links are in the order of digests, so those of all repositories are gone through. */
async function* keysOf(
  storage: StorageDriver,
  repository: string,
): AsyncGenerator<string, void, undefined> {
  for await (const { key } of storage.list(LINKS_PREFIX)) {
    const named = readKey(key);
    if (named.kind !== 'link' || named.repository !== repository) continue;
    yield blobKey(named.digest);
    yield key;
  }
  for await (const { key } of storage.list(repositoryPrefix(repository))) yield key;
}
