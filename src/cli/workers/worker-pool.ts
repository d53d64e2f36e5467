// SPDX-License-Identifier: Apache-2.0
import type { WorkerProcess } from './worker-process.ts';
import { type WorkerSlotPorts, workerSlot } from './worker-slot.ts';

export interface WorkerPool {
  readonly size: number;
  /** Resolves with the URL of the front when all listen. Rejects when one cannot start; the others are gone then. */
  start(): Promise<string>;
  /** Those that listen. */
  listening(): readonly WorkerProcess[];
  /** Has them finish what is under way; those that have not ended after `patience` milliseconds are killed. */
  stop(patience: number): Promise<void>;
  kill(): Promise<void>;
}

/** So many workers, of which those that end are replaced. */
export function workerPool(size: number, ports: WorkerSlotPorts): WorkerPool {
  const slots = Array.from({ length: size }, (_, place) => workerSlot(place + 1, ports));
  const kill = async () => void (await Promise.all(slots.map((slot) => slot.kill())));
  return {
    size,
    async start() {
      try {
        const [url = ''] = await Promise.all(slots.map((slot) => slot.start()));
        return url;
      } catch (error) {
        await kill();
        throw error;
      }
    },
    listening: () => slots.flatMap((slot) => slot.listening() ?? []),
    async stop(patience) {
      const cancel = ports.later(() => void kill(), patience);
      await Promise.all(slots.map((slot) => slot.stop()));
      cancel();
    },
    kill,
  };
}
