// SPDX-License-Identifier: Apache-2.0
import { openLog } from '../log.ts';
import { observeProcess } from '../metrics/process-metrics.ts';
import { openMetrics } from '../metrics.ts';
import { type CommandIo, EXIT, type ExitCode } from './command.ts';
import { openFrontListener } from './front-listener.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';
import { failureOf, WorkerError } from './worker-failure.ts';
import type { StartMessage } from './worker-messages.ts';
import type { Primary } from './worker-primary.ts';

/** Serves what the primary says, until that one, a signal or the primary's end stops it. */
export async function serveAsWorker(primary: Primary, io: CommandIo): Promise<ExitCode> {
  // A terminal sends it to every process of the group, and only the primary reloads.
  io.onHangup(() => {});
  const told = new AbortController();
  const stop = AbortSignal.any([io.stop, primary.gone, told.signal]);
  const start = new Promise<StartMessage>((resolve) => {
    primary.onMessage((message) => {
      if (message.kind === 'start') resolve(message);
      if (message.kind === 'stop') told.abort();
    });
  });
  try {
    await primary.tell({ kind: 'hello' });
    const message = await Promise.race([start, untilAborted(stop)]);
    if (message !== undefined) await serveUntil(stop, { message, primary, io });
    return EXIT.done;
  } catch (error) {
    // The primary says it: it knows whether anybody waits for an answer.
    await primary.tell({ kind: 'failed', failure: failureOf(error) });
    return EXIT.failed;
  } finally {
    primary.leave();
  }
}

interface Serving {
  readonly message: StartMessage;
  readonly primary: Primary;
  readonly io: CommandIo;
}

async function serveUntil(stop: AbortSignal, { message, primary, io }: Serving): Promise<void> {
  const { worker, loaded, version } = message;
  if (version !== VERSION) {
    throw new WorkerError(`this is version ${VERSION}, its primary ${version}: start it again`);
  }
  const log = openLog(loaded.config.log.level, io.err, { worker });
  const metrics = openMetrics();
  observeProcess(metrics);
  const front = await openFrontListener(loaded, { log, metrics });
  await primary.tell({ kind: 'listening', url: front.url });
  await untilAborted(stop);
  if (primary.gone.aborted) log.warn('primary-gone');
  await front.stop();
}
