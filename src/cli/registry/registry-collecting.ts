// SPDX-License-Identifier: Apache-2.0
import type { RegistryConfig } from '../../config/registry.ts';
import type { Log } from '../../log.ts';
import { type CollectStep, collect } from '../../registry/collect/collect.ts';
import { PROCESS_TIME } from '../../registry/store/process-time.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { repeat } from '../repeat.ts';

type Settings = NonNullable<RegistryConfig['collect']>;

/** How often it is looked whether it is time: a few small requests, and the first one after a restart comes soon. */
const LOOK_EVERY = 15 * 60_000;

/** Collects while a registry serves, if it is configured to. Returns what ends that. */
export function openCollecting(
  { collect: settings, readOnly }: RegistryConfig,
  ports: { readonly storage: StorageDriver; readonly log: Log },
): () => void {
  if (settings === undefined || readOnly) return () => undefined;
  const stop = new AbortController();
  const work = () => collectOnce(settings, stop.signal, ports);
  const collecting = repeat(work, Math.min(settings.every, LOOK_EVERY));
  return () => {
    collecting.end();
    stop.abort();
  };
}

export function untaggedAfterOf({ untagged }: Settings): number | undefined {
  return untagged === 'keep' ? undefined : untagged.after;
}

async function collectOnce(
  settings: Settings,
  signal: AbortSignal,
  { storage, log }: { readonly storage: StorageDriver; readonly log: Log },
): Promise<void> {
  const sum = { condemned: 0, deleted: 0, freed: 0 };
  const progress = ({ outcome, removable, size }: CollectStep) => {
    if (outcome === 'condemn') sum.condemned += 1;
    if (outcome !== 'swept') return;
    sum.deleted += 1;
    sum.freed += removable.bytes ? size : 0;
  };
  try {
    const untaggedAfter = untaggedAfterOf(settings);
    const options = { ...PROCESS_TIME, ...settings, untaggedAfter, storage, signal, progress };
    if ((await collect(options)) === 'done') log.info('collected', sum);
  } catch (error) {
    if (!signal.aborted) log.error('not-collected', error, sum); // and tried again
  }
}
