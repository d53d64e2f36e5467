// SPDX-License-Identifier: Apache-2.0
import cluster from 'node:cluster';
import { type FromWorker, parseToWorker, type ToWorker } from './worker-messages.ts';

/** The primary as its worker sees it. */
export interface Primary {
  /** Aborted when the primary has ended. */
  readonly gone: AbortSignal;
  onMessage(listener: (message: ToWorker) => void): void;
  /** Resolves when it is on its way, or can never be. */
  tell(message: FromWorker): Promise<void>;
  /** Lets go: what connects the two would keep this process alive. */
  leave(): void;
}

/** Undefined in a process that no primary started. */
export function openPrimary(): Primary | undefined {
  const { worker } = cluster;
  if (worker === undefined) return undefined;
  const gone = new AbortController();
  worker.on('disconnect', () => {
    // Else node ends this process here and now, with all that is under way.
    worker.exitedAfterDisconnect = true;
    gone.abort();
  });
  return {
    gone: gone.signal,
    onMessage(listener) {
      worker.on('message', (message: unknown) => {
        const parsed = parseToWorker(message);
        if (parsed !== undefined) listener(parsed);
      });
    },
    tell: (message) => new Promise((resolve) => worker.send(message, () => resolve())),
    leave() {
      if (worker.isConnected()) worker.process.disconnect();
    },
  };
}
