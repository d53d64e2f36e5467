// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import { errorOf, type Failure, failureOf, WorkerError } from './worker-failure.ts';
import type { WorkerEnd, WorkerProcess } from './worker-process.ts';
import { restartDelay } from './worker-restart.ts';

/** The place of one worker: a process, and when that has ended the next one. */
export interface WorkerSlot {
  /** Resolves with the URL when its first process listens; rejects with the reason when that one ends before. */
  start(): Promise<string>;
  /** The process, while it listens. */
  listening(): WorkerProcess | undefined;
  /** Has the process finish what is under way; resolves when it has ended. No other one follows. */
  stop(): Promise<void>;
  /** Ends the process at once. */
  kill(): Promise<void>;
}

export interface WorkerSlotPorts {
  readonly fork: () => WorkerProcess;
  /** Called when a process hears: it has to be told what to serve. */
  readonly configure: (worker: number, process: WorkerProcess) => void;
  readonly died: () => void;
  /** In milliseconds, of a clock that is never set. */
  readonly now: () => number;
  /** Calls later; returns what prevents that. */
  readonly later: (work: () => void, delay: number) => () => void;
  readonly log: Log;
}

type State =
  | { readonly kind: 'waiting'; readonly cancel: () => void }
  | { readonly kind: 'starting' | 'listening'; readonly process: WorkerProcess };

export function workerSlot(worker: number, ports: WorkerSlotPorts): WorkerSlot {
  const { log } = ports;
  const started = Promise.withResolvers<string>();
  const over = Promise.withResolvers<void>();
  let state: State = { kind: 'waiting', cancel() {} };
  let delay = 0;
  let hasStarted = false;
  let isEnding = false;

  function begin(): void {
    try {
      follow(ports.fork(), ports.now());
    } catch (error) {
      // No memory, say: a machine that is short of something is no reason to end the others.
      ended({ ...NEVER_RAN, failure: failureOf(error) });
    }
  }

  function follow(process: WorkerProcess, bornAt: number): void {
    let failure: Failure | undefined;
    state = { kind: 'starting', process };
    process.onMessage((message) => {
      if (message.kind === 'hello') ports.configure(worker, process);
      if (message.kind === 'failed') ({ failure } = message);
      if (message.kind === 'listening') listens(process, message.url);
    });
    process.onEnd((end) =>
      ended({ ...end, pid: process.pid, failure, lived: ports.now() - bornAt }),
    );
  }

  function listens(process: WorkerProcess, url: string): void {
    state = { kind: 'listening', process };
    hasStarted = true;
    log.info('worker-started', { worker, pid: process.pid });
    started.resolve(url);
  }

  function ended({ lived, failure, ...end }: EndedWorker): void {
    if (isEnding || !hasStarted) {
      over.resolve();
      started.reject(failure === undefined ? endedEarly(worker, end) : errorOf(failure));
      return;
    }
    delay = restartDelay(lived, delay);
    state = { kind: 'waiting', cancel: ports.later(begin, delay) };
    ports.died();
    log.warn('worker-died', { worker, ...end, reason: failure?.message, restartIn: delay });
  }

  const listening = () => (state.kind === 'listening' ? state.process : undefined);

  function end(how: (process: WorkerProcess) => void): Promise<void> {
    isEnding = true;
    if (state.kind === 'waiting') {
      state.cancel();
      over.resolve();
    } else how(state.process);
    return over.promise;
  }

  return {
    start() {
      begin();
      return started.promise;
    },
    listening,
    // One that does not listen yet has nothing under way, and may not hear yet either.
    stop: () => end((process) => (listening() ? process.tell({ kind: 'stop' }) : process.kill())),
    kill: () => end((process) => process.kill()),
  };
}

const NEVER_RAN = { pid: undefined, code: undefined, signal: undefined, lived: 0 };

interface EndedWorker extends WorkerEnd {
  readonly pid: number | undefined;
  readonly failure: Failure | undefined;
  readonly lived: number;
}

function endedEarly(worker: number, { code, signal }: WorkerEnd): WorkerError {
  const how = signal === undefined ? `exit code ${code}` : `signal ${signal}`;
  return new WorkerError(`worker ${worker} ended with ${how} before it listened`);
}
