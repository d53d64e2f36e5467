// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from 'node:stream';

export interface FanOut<T> {
  readonly body: AsyncIterable<Uint8Array>;
  readonly readers: ReadonlyArray<(body: AsyncIterable<Uint8Array>) => Promise<T>>;
  /** Milliseconds that the others wait for a reader that takes nothing, before they go on without it. */
  readonly patience: number;
  /** Bytes that a reader, by its place, has been given. */
  readonly onTaken?: (place: number, bytes: number) => void;
}

/** A reader that was left behind. */
export class StuckReader extends Error {
  override readonly name = 'StuckReader';

  constructor(patience: number) {
    super(`it took nothing for ${patience} ms`);
  }
}

/** Bytes that a reader may be behind the others. */
const AHEAD = 1024 * 1024;

/**
 * One body for several readers, who get it at the pace of the slowest. A reader that fails, or takes nothing any
 * more, leaves the others alone; when the body fails, so does every reader, with the same error.
 */
export async function fanOut<T>({
  body,
  readers,
  patience,
  onTaken = () => undefined,
}: FanOut<T>): Promise<PromiseSettledResult<T>[]> {
  const branches = readers.map(() => openBranch());
  const reading = readers.map(async (read, place) => {
    const branch = branches[place] ?? openBranch();
    try {
      return await read(branch);
    } finally {
      branch.destroy();
    }
  });
  // Nothing that fails meanwhile goes unheard.
  void Promise.allSettled(reading);
  await pump(body, branches, { patience, onTaken });
  return endOf(reading, patience * TO_END);
}

/** Times its patience that a reader has to end once it was given everything: some stores put things together then. */
const TO_END = 5;

/** What ends in time; whatever becomes of the rest is nobody's business any more. */
async function endOf<T>(
  reading: ReadonlyArray<Promise<T>>,
  milliseconds: number,
): Promise<PromiseSettledResult<T>[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StuckReader(milliseconds)), milliseconds);
  });
  try {
    return await Promise.allSettled(reading.map((one) => Promise.race([one, late])));
  } finally {
    clearTimeout(timer);
  }
}

function openBranch(): PassThrough {
  const branch = new PassThrough({ highWaterMark: AHEAD });
  // Its reader hears of it; one that has gone must not make it an error of the process.
  return branch.on('error', () => undefined);
}

/** What the body fails with is for the readers to throw. */
async function pump(
  body: AsyncIterable<Uint8Array>,
  branches: readonly PassThrough[],
  { patience, onTaken }: Required<Pick<FanOut<unknown>, 'patience' | 'onTaken'>>,
): Promise<void> {
  try {
    for await (const chunk of body) {
      await Promise.all(branches.map((branch) => offer(branch, chunk, patience)));
      for (const [place, { destroyed }] of branches.entries()) {
        if (!destroyed) onTaken(place, chunk.byteLength);
      }
      if (branches.every(({ destroyed }) => destroyed)) return;
    }
    for (const branch of branches) branch.end();
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error('the body failed', { cause });
    for (const branch of branches) branch.destroy(error);
  }
}

async function offer(branch: PassThrough, chunk: Uint8Array, patience: number): Promise<void> {
  if (branch.destroyed || branch.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const tooSlow = () => branch.destroy(new StuckReader(patience));
    const timer = setTimeout(tooSlow, patience);
    const goOn = (): void => {
      clearTimeout(timer);
      branch.off('drain', goOn).off('close', goOn);
      resolve();
    };
    branch.on('drain', goOn).on('close', goOn);
  });
}
