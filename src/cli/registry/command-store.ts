// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { Teller, Telling } from '../../registry/events/event-log.ts';
import { hasLayout } from '../../registry/store/ensure-layout.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';
import { openStorage } from './open-storage.ts';
import { loadRegistryFile } from './registry-config.ts';
import { looksLikeRegistry, openDamagedFolder, openRegistryFolder } from './registry-folder.ts';
import { directoryOf } from './registry-options.ts';

/** The store that a command is to work on. */
export interface CommandStore {
  readonly storage: StorageDriver;
  /** Undefined when its objects are no files. */
  readonly folder: string | undefined;
  /** Whether what is changed is to be in the log of events. */
  readonly logsEvents: boolean;
}

/**
 * The registry that `--config` or `--directory` names, which has to be there.
 *
 * @throws UsageError that says what is there instead, ConfigError
 * @throws StoreError for the registry of a newer program
 */
export async function openRegistry(input: CommandInput): Promise<CommandStore> {
  const place = await placeOf(input);
  if (place.folder !== undefined) {
    return { ...place, storage: await openRegistryFolder(place.folder) };
  }
  const { storage } = place;
  if (await hasLayout(storage)) return place;
  throw new UsageError(`${storage.name} holds no registry`);
}

/** The same, though what marks it may be damaged or gone. */
export async function openDamagedRegistry(input: CommandInput): Promise<CommandStore> {
  const place = await placeOf(input);
  if (place.folder !== undefined) {
    return { ...place, storage: await openDamagedFolder(place.folder) };
  }
  if (await looksLikeRegistry(place.storage)) return place;
  throw new UsageError(`${place.storage.name} holds no registry`);
}

/** Where something is to be put: there need not be a registry yet. */
export async function placeOf(input: CommandInput): Promise<CommandStore> {
  const file = optionText(input, 'config');
  if (file === undefined) {
    const { filesystemDriver } = await import('../../storage/filesystem/filesystem.ts');
    const folder = directoryOf(input);
    return { storage: filesystemDriver(folder), folder, logsEvents: true };
  }
  const loaded = await loadRegistryFile(file);
  const { storage, events } = loaded.config;
  const folder =
    storage.kind === 'filesystem' ? resolve(loaded.directory, storage.directory) : undefined;
  return { storage: await openStorage(loaded), folder, logsEvents: events.log };
}

/** Tells of what a command does, as a server tells of what is done through it. */
export async function tellAs(
  { storage, logsEvents }: CommandStore,
  { repository, by }: Teller,
): Promise<(() => Telling) | undefined> {
  if (!logsEvents) return undefined;
  const { openEventLog } = await import('../../registry/events/event-log.ts');
  const log = openEventLog(storage);
  return () => log.tell({ repository, by });
}
