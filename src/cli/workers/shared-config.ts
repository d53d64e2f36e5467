// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../../config/config-error.ts';
import type { FrontReplacement } from '../front/front-replacement.ts';
import { refuseRestart } from '../front/refuse-restart.ts';
import { oneAfterAnother } from '../in-turn.ts';
import type { LoadedConfig } from '../load-config.ts';
import { VERSION } from '../version.ts';
import type { WorkerProcess } from './worker-process.ts';
import type { Answer } from './worker-questions.ts';

/** What a worker may take to make its next state, in milliseconds; the others wait for it with theirs. */
const PATIENCE = 30_000;

/** The configuration in force, the same in every worker. */
export interface SharedConfig extends Pick<FrontReplacement, 'current' | 'rebuild'> {
  /** Has a new process serve it. The file may say something else by then, which nobody has accepted. */
  give(worker: number, process: WorkerProcess): void;
  /**
   * Has all of them serve the next one from the same moment on, or none.
   *
   * @throws ConfigError with what any of them has against it
   */
  replace(next: LoadedConfig): Promise<void>;
}

export function shareConfig(loaded: LoadedConfig): SharedConfig {
  let current = loaded;
  const having = new Set<WorkerProcess>();
  // A process that got the old one while the others change to the next would keep it.
  const inTurn = oneAfterAnother();
  const replaceWith = (nextOf: () => LoadedConfig) =>
    inTurn(async () => {
      const next = nextOf();
      refuseRestart(current.config, next);
      const asked = [...having];
      const question = { kind: 'prepare', loaded: next } as const;
      const answers = await Promise.all(asked.map((worker) => worker.ask(question, PATIENCE)));
      const problems = [...new Set(answers.flatMap(problemsOf))];
      for (const worker of asked) worker.tell({ kind: 'settle', accept: problems.length === 0 });
      if (problems.length > 0) throw new ConfigError(next.origin, problems);
      current = next;
    });
  return {
    current: () => current,
    replace: (next) => replaceWith(() => next),
    // With what is in force when its turn comes.
    rebuild: () => replaceWith(() => current),
    give(worker, process) {
      let hasEnded = false;
      process.onEnd(() => {
        hasEnded = true;
        having.delete(process);
      });
      void inTurn(async () => {
        if (hasEnded) return;
        having.add(process);
        process.tell({ kind: 'start', version: VERSION, worker, loaded: current });
      });
    },
  };
}

/** One that has ended has nothing against it: what replaces it begins with what is decided here. */
function problemsOf(answer: Answer): readonly string[] {
  switch (answer.kind) {
    case 'done':
    case 'gone':
      return [];
    case 'late':
      return [`a worker did not answer within ${PATIENCE / 1_000} s`];
    case 'refused':
      return answer.failure.invalid?.problems ?? [answer.failure.message];
  }
}
