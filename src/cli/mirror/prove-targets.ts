// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ConfigError } from '../../config/config-error.ts';
import type { MirrorConfig } from '../../config/mirror.ts';
import { proveConditions } from '../../registry/store/prove-conditions.ts';
import { StoreError } from '../../registry/store/store-error.ts';
import type { ObjectStore } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Loaded } from '../load-config.ts';

const FOLDER = 'archeion/mirror/';

/**
 * Makes sure that targets honour the conditions that keep two runs from undoing each other's indexes and objects. It
 * is remembered in the target, for as long as the configuration says the same of its storage.
 *
 * @throws ConfigError naming every target that does not
 */
export async function proveTargets(
  { config, origin }: Loaded<MirrorConfig>,
  targets: ReadonlyArray<{ readonly store: ObjectStore }>,
): Promise<void> {
  const proofs = targets.map(async ({ store }, place) =>
    proveOnce(store, JSON.stringify(config.targets[place]?.storage)),
  );
  const problems: string[] = [];
  for (const [place, result] of (await Promise.allSettled(proofs)).entries()) {
    if (result.status === 'fulfilled') continue;
    const { reason } = result;
    // What cannot be reached or written is told of when it is listed and filled, and the rest is filled meanwhile.
    if (reason instanceof StorageError) continue;
    if (!(reason instanceof StoreError)) throw reason;
    problems.push(`targets.${place}.storage: ${reason.message}`);
  }
  if (problems.length > 0) throw new ConfigError(origin, problems);
}

async function proveOnce(store: ObjectStore, configuration: string): Promise<void> {
  const hash = createHash('sha256').update(configuration).digest('hex');
  const key = `${FOLDER}proven-${hash.slice(0, 16)}`;
  if ((await store.stat(key)) !== undefined) return;
  await proveConditions(store, { below: `${FOLDER}proof/`, ofDeletions: false });
  await store.write(key, PROVEN, { contentType: 'application/json' });
}

const PROVEN = `${JSON.stringify({ honours: 'If-None-Match and If-Match' })}\n`;
