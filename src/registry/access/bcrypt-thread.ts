// SPDX-License-Identifier: Apache-2.0
import { Worker } from 'node:worker_threads';

export interface BcryptQuestion {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

interface BcryptReply {
  readonly id: number;
  readonly isSame: boolean;
}

interface Waiting {
  readonly resolve: (isSame: boolean) => void;
  readonly reject: (error: Error) => void;
}

/** Checks bcrypt hashes in a thread of its own, begun with the first: it takes a tenth of a second of pure script. */
export interface BcryptThread {
  isBcryptOf(password: string, hash: string): Promise<boolean>;
  close(): void;
}

/** The worker lies beside this file, in the source as in the package. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './bcrypt-worker.ts' : './bcrypt-worker.js',
  import.meta.url,
);

export function openBcryptThread(): BcryptThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let asked = 0;

  function fail(error: Error): void {
    worker = undefined; // the next question begins another
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(WORKER, { execArgv: [], env: {} });
    started.unref(); // nobody waits for a password check to end a process
    started.on('message', ({ id, isSame }: BcryptReply) => {
      waiting.get(id)?.resolve(isSame);
      waiting.delete(id);
    });
    started.on('error', fail);
    started.on('exit', () => {
      if (worker === started) fail(new Error('the thread that checks passwords has ended'));
    });
    return started;
  }

  return {
    isBcryptOf(password, hash) {
      worker ??= start();
      const id = asked++;
      worker.postMessage({ id, password, hash } satisfies BcryptQuestion);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    close() {
      void worker?.terminate();
    },
  };
}
