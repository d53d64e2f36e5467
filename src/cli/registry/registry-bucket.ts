// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../../config/config-error.ts';
import { redirectsBlobs } from '../../config/registry-storage.ts';
import { ensureLayout, hasLayout } from '../../registry/store/ensure-layout.ts';
import { proveConditions } from '../../registry/store/prove-conditions.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { openStorage } from './open-storage.ts';
import type { LoadedRegistry } from './registry-config.ts';

/** Names shown of what is in the way. */
const SHOWN = 3;
const PROBE = { method: 'GET', seconds: 1 } as const;

/**
 * Opens the bucket of a registry that is about to serve. An empty one becomes one; whatever else is there is left
 * as it is.
 *
 * @throws ConfigError when it cannot be used, or holds something else
 * @throws StoreError for the store of a newer program, and for one that does not honour conditions
 */
export async function openRegistryBucket(loaded: LoadedRegistry): Promise<StorageDriver> {
  const { config, origin } = loaded;
  const storage = await openStorage(loaded);
  try {
    const isMarked = await hasLayout(storage);
    if (!isMarked) await requireEmpty(storage, origin);
    if (config.readOnly && isMarked) return storage;
    await proveConditions(storage);
    await ensureLayout(storage);
    // Not all credentials can sign links: heard now, and not by everybody who pulls.
    if (redirectsBlobs(config.storage)) await storage.directUrl?.('layout', PROBE);
    return storage;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new ConfigError(origin, [`storage: "${storage.name}": ${error.message}`], error);
  }
}

async function requireEmpty(storage: StorageDriver, origin: string): Promise<void> {
  const found: string[] = [];
  for await (const { key } of storage.list('', { delimiter: '/', limit: SHOWN })) found.push(key);
  // What somebody else's proof, or one that died, has there is no sign of anything.
  const foreign = found.filter((key) => key !== 'uploads/');
  // Another replica may have started meanwhile.
  if (foreign.length === 0 || (await hasLayout(storage))) return;
  const problem = `"${storage.name}" is no registry of ours: it holds ${foreign.join(', ')}; give an empty bucket, or a prefix of its own`;
  throw new ConfigError(origin, [`storage: ${problem}`]);
}
