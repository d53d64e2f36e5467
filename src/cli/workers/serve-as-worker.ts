// SPDX-License-Identifier: Apache-2.0
import { type CommandIo, EXIT, type ExitCode } from '../command.ts';
import { untilAborted } from '../until-aborted.ts';
import { failureOf } from './worker-failure.ts';
import { openWorkerFront, type WorkerFront } from './worker-front.ts';
import type { Primary } from './worker-primary.ts';

/** Serves what the primary says, until that one, a signal or the primary's end stops it. */
export async function serveAsWorker(primary: Primary, io: CommandIo): Promise<ExitCode> {
  // A terminal sends it to every process of the group, and only the primary reloads.
  io.onHangup(() => {});
  const told = new AbortController();
  const stop = AbortSignal.any([io.stop, primary.gone, told.signal]);
  const begun = Promise.withResolvers<void>();
  let opening: Promise<WorkerFront> | undefined;
  primary.onMessage((message) => {
    if (message.kind === 'start' && !stop.aborted) {
      opening = openWorkerFront(message, io);
      begun.resolve();
    } else if (message.kind === 'stop') told.abort();
    // In the order they came, and when it serves. If it never does, this process ends.
    else opening?.then((front) => front.hear(message, primary)).catch(() => {});
  });
  try {
    await primary.tell({ kind: 'hello' });
    await Promise.race([begun.promise, untilAborted(stop)]);
    if (opening === undefined) return EXIT.done;
    const front = await opening;
    await primary.tell({ kind: 'listening', url: front.url });
    await untilAborted(stop);
    if (primary.gone.aborted) front.log.warn('primary-gone');
    await front.stop();
    return EXIT.done;
  } catch (error) {
    // The primary says it: it knows whether anybody waits for an answer.
    await primary.tell({ kind: 'failed', failure: failureOf(error) });
    return EXIT.failed;
  } finally {
    primary.leave();
  }
}
