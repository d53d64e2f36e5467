// SPDX-License-Identifier: Apache-2.0
import type { FromWorker, ToWorker } from '../../src/cli/workers/worker-messages.ts';
import type { WorkerEnd, WorkerProcess } from '../../src/cli/workers/worker-process.ts';
import { openQuestions } from '../../src/cli/workers/worker-questions.ts';

/** A worker that is no process: the test says what it says, and when it ends. */
export interface FakeWorker extends WorkerProcess {
  /** What it was told so far. */
  readonly told: readonly ToWorker[];
  says(message: FromWorker): void;
  ends(end?: Partial<WorkerEnd>): void;
}

export function fakeWorker(pid: number): FakeWorker {
  const told: ToWorker[] = [];
  const hearing: Array<(message: FromWorker) => void> = [];
  const ending: Array<(end: WorkerEnd) => void> = [];
  const tell = (message: ToWorker) => void told.push(message);
  const questions = openQuestions(tell);
  const ends = (end: Partial<WorkerEnd> = {}) => {
    questions.end();
    for (const listener of ending) listener({ code: undefined, signal: undefined, ...end });
  };
  return {
    pid,
    told,
    tell,
    ask: questions.ask,
    kill: () => ends({ signal: 'SIGKILL' }),
    onMessage: (listener) => void hearing.push(listener),
    onEnd: (listener) => void ending.push(listener),
    says(message) {
      questions.heard(message);
      for (const listener of hearing) listener(message);
    },
    ends,
  };
}

/** Time that passes when the test says so. */
export function fakeTime() {
  let now = 0;
  const waiting = new Set<{ readonly at: number; readonly work: () => void }>();
  return {
    now: () => now,
    later(work: () => void, delay: number) {
      const one = { at: now + delay, work };
      waiting.add(one);
      return () => void waiting.delete(one);
    },
    pass(milliseconds: number) {
      now += milliseconds;
      for (const one of [...waiting].filter(({ at }) => at <= now)) {
        waiting.delete(one);
        one.work();
      }
    },
  };
}
