// SPDX-License-Identifier: Apache-2.0
import type { WorkerProcess } from './worker-process.ts';
import { openSlot, type WorkerSlotPorts } from './worker-slot.ts';

export interface WorkerPool {
  readonly size: number;
  /** Resolves with the URL of the front when all listen. Rejects when one cannot start; the others are gone then. */
  readonly started: Promise<string>;
  /** Those that listen. */
  listening(): readonly WorkerProcess[];
  /** Has them finish what is under way; those that have not ended after `patience` milliseconds are killed. */
  stop(patience: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts so many workers, and replaces those that end. */
export function openPool(size: number, ports: WorkerSlotPorts): WorkerPool {
  const slots = Array.from({ length: size }, (_, place) => openSlot(place + 1, ports));
  const kill = async () => void (await Promise.all(slots.map((slot) => slot.kill())));
  const start = async () => {
    try {
      const [url = ''] = await Promise.all(slots.map(({ started }) => started));
      return url;
    } catch (error) {
      await kill();
      throw error;
    }
  };
  return {
    size,
    started: start(),
    listening: () => slots.flatMap((slot) => slot.listening() ?? []),
    async stop(patience) {
      const cancel = ports.later(() => void kill(), patience);
      await Promise.all(slots.map((slot) => slot.stop()));
      cancel();
    },
    kill,
  };
}
