// SPDX-License-Identifier: Apache-2.0
import type { RegistryConfig } from '../../config/registry.ts';
import type { Log } from '../../log.ts';
import type { EventLog } from '../../registry/events/event-log.ts';
import { reapEvents } from '../../registry/events/reap-events.ts';
import { reapUploads } from '../../registry/push/reap-uploads.ts';
import type { StorageDriver } from '../../storage/driver.ts';

export interface ReaperPorts {
  readonly storage: StorageDriver;
  readonly log: Log;
  readonly events: EventLog | undefined;
}

/** Removes what was left behind and what is too old. What fails is tried again the next time. */
export async function reapStore(config: RegistryConfig, ports: ReaperPorts): Promise<void> {
  const { storage, log, events } = ports;
  try {
    const removed = await reapUploads(storage, Date.now(), config.uploads.lifetime);
    if (removed > 0) log.info('uploads-reaped', { removed });
  } catch (error) {
    log.error('uploads-not-reaped', error);
  }
  if (events === undefined || config.readOnly) return;
  const { append } = events;
  try {
    const { keep } = config.events;
    const reaped = await reapEvents({ storage, append, now: Date.now(), keep });
    if (reaped.recovered + reaped.removed > 0) log.info('events-reaped', { ...reaped });
  } catch (error) {
    log.error('events-not-reaped', error);
  }
}
