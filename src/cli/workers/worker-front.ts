// SPDX-License-Identifier: Apache-2.0
import { type Log, openLog } from '../../log.ts';
import { observeProcess } from '../../metrics/process-metrics.ts';
import { openMetrics } from '../../metrics.ts';
import type { CommandIo } from '../command.ts';
import { type FrontListener, openFrontListener } from '../front/front-listener.ts';
import { VERSION } from '../version.ts';
import { failureOf, WorkerError } from './worker-failure.ts';
import type { Question, StartMessage, ToWorker } from './worker-messages.ts';
import type { Primary } from './worker-primary.ts';
import { preparedState } from './worker-state.ts';

/** The front of one worker, and what its primary may ask of it. */
export interface WorkerFront extends Pick<FrontListener, 'url' | 'stop'> {
  readonly log: Log;
  hear(message: ToWorker, primary: Pick<Primary, 'tell'>): void;
}

/** @throws ListenError, ConfigError, WorkerError */
export async function openWorkerFront(
  { worker, loaded, version }: StartMessage,
  io: Pick<CommandIo, 'err'>,
): Promise<WorkerFront> {
  if (version !== VERSION) {
    throw new WorkerError(`this is version ${VERSION}, its primary is ${version}: restart that`);
  }
  const log = openLog(loaded.config.log.level, io.err, { worker });
  const metrics = openMetrics();
  observeProcess(metrics);
  const front = await openFrontListener(loaded, { log, metrics });
  const state = preparedState(front);
  return {
    url: front.url,
    stop: front.stop,
    log,
    hear(message, primary) {
      if (message.kind === 'settle') state.settle(message.accept);
      if ('id' in message) void reply(message.id, answer(message), primary);
    },
  };

  async function answer(question: Question): Promise<unknown> {
    switch (question.kind) {
      case 'prepare':
        return state.prepare(question.loaded);
      case 'report':
        return metrics.collect(question.which);
      case 'explain':
        return front.explain(question.target, question.address);
    }
  }
}

async function reply(
  id: number,
  answer: Promise<unknown>,
  primary: Pick<Primary, 'tell'>,
): Promise<void> {
  try {
    await primary.tell({ kind: 'done', id, value: await answer });
  } catch (error) {
    await primary.tell({ kind: 'refused', id, failure: failureOf(error) });
  }
}
