// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess, systemEnvironment, waitFor } from './processes.ts';

/** `archeion serve` as processes of their own, which can be killed. */
export interface FrontProcess extends RunningProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly file: string;
  /** Resolves with the log lines of an event, once there are so many. */
  logged(event: string, count?: number): Promise<readonly LogLine[]>;
}

export type LogLine = Readonly<Record<string, unknown>>;

const LAUNCHER = fileURLToPath(new URL('../../bin/archeion', import.meta.url));

/** Writes the configuration down and starts; it may never listen. */
export async function spawnFront(
  folder: string,
  text: string,
  args: readonly string[] = [],
): Promise<Omit<FrontProcess, 'url' | 'adminUrl'>> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(file, text);
  const line = [LAUNCHER, 'serve', '--config', file, ...args];
  const running = startProcess(process.execPath, line, { env: systemEnvironment() });
  return {
    ...running,
    file,
    logged: (event, count = 1) =>
      waitFor(
        () => {
          const found = linesOf(running).filter((line) => line['event'] === event);
          return found.length >= count ? found : undefined;
        },
        () => `no ${count} times "${event}": ${running.output()}`,
      ),
  };
}

/** The same, listening. */
export async function startFrontProcess(
  folder: string,
  text: string,
  args: readonly string[] = [],
): Promise<FrontProcess> {
  const front = await spawnFront(folder, text, args);
  const [line] = await front.logged('listening');
  return { ...front, url: String(line?.['front']), adminUrl: String(line?.['admin']) };
}

/** Whole lines only: the last one may still be on its way. */
function linesOf(running: RunningProcess): readonly LogLine[] {
  const lines = running.output().split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** Whether a process is there: zombies, which nobody has waited for yet, are not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !stat.includes(') Z');
}
