// SPDX-License-Identifier: Apache-2.0
import cluster, { type Worker } from 'node:cluster';
import { LAUNCHER } from '../package-files.ts';
import { closeUndelivered } from './worker-handover.ts';
import { type FromWorker, parseFromWorker, type ToWorker } from './worker-messages.ts';
import { openQuestions, type Questions } from './worker-questions.ts';

/** How a process ended: with an exit code, or by a signal. */
export interface WorkerEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** One worker as its primary sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Lost when it has ended; who has to know listens to the end. */
  tell(message: ToWorker): void;
  readonly ask: Questions['ask'];
  kill(): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once, also when it never came to run. */
  onEnd(listener: (end: WorkerEnd) => void): void;
}

/**
 * Starts processes that share the ports they listen on: each connection goes to the next of them that is free.
 * They run with the flags of this one, those that the launcher gave it included.
 */
export function workerForker(): () => WorkerProcess {
  cluster.setupPrimary({ exec: LAUNCHER, args: ['worker'] });
  // Stated, so that nothing in the environment lets the kernel choose, which prefers the idle to the next.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  return () => processOf(cluster.fork());
}

function processOf(worker: Worker): WorkerProcess {
  closeUndelivered(worker.process);
  // With a callback a channel that is closed is no event that ends this process.
  const tell = (message: ToWorker) => void worker.send(message, () => {});
  const questions = openQuestions(tell);
  const hearing: Array<(message: FromWorker) => void> = [];
  const ending: Array<(end: WorkerEnd) => void> = [];
  worker.on('message', (message: unknown) => {
    const parsed = parseFromWorker(message);
    if (parsed === undefined) return;
    questions.heard(parsed);
    for (const listener of hearing) listener(parsed);
  });
  const ended = (end: WorkerEnd) => {
    questions.end();
    for (const listener of ending) listener(end);
  };
  worker.process.once('exit', (code, signal) =>
    ended({ code: code ?? undefined, signal: signal ?? undefined }),
  );
  // One that could not be started has no exit. Any other failure is of a message, or a signal to one that has ended.
  worker.on('error', () => {
    if (worker.process.pid === undefined) ended({ code: undefined, signal: undefined });
  });
  return {
    pid: worker.process.pid,
    tell,
    ask: questions.ask,
    kill: () => void worker.process.kill('SIGKILL'),
    onMessage: (listener) => void hearing.push(listener),
    onEnd: (listener) => void ending.push(listener),
  };
}
