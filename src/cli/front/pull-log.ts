// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { type Log, openLines } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { pullRecorder, type RecordPull } from '../../redirector/pull-events.ts';
import type { LoadedConfig } from '../load-config.ts';

type Placed = Pick<LoadedConfig, 'config' | 'directory'>;

/** Where pulls are written, `stdout` or a file; undefined when nobody wants to know of them. */
export function pullLogPlace({ config, directory }: Placed): string | undefined {
  const to = config.pullEvents?.to;
  return to === undefined || to === 'stdout' ? to : resolve(directory, to);
}

/** @throws ConfigError when it cannot be written to */
export async function checkPullLog(loaded: Placed & Pick<LoadedConfig, 'origin'>): Promise<void> {
  const place = pullLogPlace(loaded);
  if (place === undefined || place === 'stdout') return;
  try {
    await (await open(place, 'a')).close();
  } catch (error) {
    throw new ConfigError(loaded.origin, [`pullEvents.to: "${place}" cannot be written`], error);
  }
}

export interface PullLog {
  /** Undefined when nobody wants to know. */
  readonly record: RecordPull | undefined;
  /** After the file was moved away. */
  reopen(): void;
  close(): Promise<void>;
}

export interface PullLogPorts {
  readonly sizeOf: (digest: Digest) => number | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function openPullLog(
  place: string | undefined,
  { sizeOf, log, metrics }: PullLogPorts,
): PullLog {
  if (place === undefined) return { record: undefined, reopen() {}, close: async () => {} };
  const lost = metrics
    .counter('archeion_pull_events_lost_total', 'Pulls that could not be written down in time.')
    .cell();
  let isSaid = false;
  const lines = openLines(place === 'stdout' ? 1 : place, {
    lost: () => (lost.value += 1),
    failed(error) {
      // Once: a disk that is full would fill the log as well.
      if (!isSaid) log.error('pull-events-failed', error, { to: place });
      isSaid = true;
    },
  });
  const write = (event: object) => lines.write(JSON.stringify(event));
  return {
    record: pullRecorder({ write, sizeOf, now: Date.now }),
    reopen() {
      isSaid = false;
      lines.reopen();
    },
    close: lines.close,
  };
}
