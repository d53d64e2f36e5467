// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { dispatch } from '../../src/cli/dispatch.ts';

/** A command that runs until it is stopped, in this process, as its command line runs it. */
export interface RunningCommand {
  hangUp(): void;
  /** What it printed so far on standard output. */
  printed(): string;
  /** Resolves with the log lines of an event, once there are so many. */
  logged(event: string, count?: number): Promise<ReadonlyArray<Record<string, unknown>>>;
  /** Resolves with the exit code. */
  stop(): Promise<number>;
}

/** `archeion serve`, listening. */
export interface RunningFront extends RunningCommand {
  readonly url: string;
  readonly adminUrl: string;
}

const PATIENCE = 10_000;

export async function startFront(args: readonly string[], env = {}): Promise<RunningFront> {
  const command = startCommand(['serve', ...args], env);
  const [line] = await command.logged('listening');
  return { ...command, url: String(line?.['front']), adminUrl: String(line?.['admin']) };
}

/** `archeion registry serve`, listening. */
export interface RunningRegistry extends RunningCommand {
  readonly url: string;
  readonly adminUrl: string;
}

export async function startRegistry(args: readonly string[]): Promise<RunningRegistry> {
  const command = startCommand(['registry', 'serve', ...args]);
  const [line] = await command.logged('listening');
  return { ...command, url: String(line?.['registry']), adminUrl: String(line?.['admin']) };
}

export function startCommand(line: readonly string[], env = {}): RunningCommand {
  const lines: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  const said = { out: '', err: '' };
  const exit = dispatch(line, {
    out: (text) => (said.out += text),
    err: (text) => {
      if (text.startsWith('{')) lines.push(JSON.parse(text));
      else said.err += text;
    },
    env,
    stop: stop.signal,
    onHangup(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  return {
    hangUp() {
      for (const listener of listeners) listener();
    },
    printed: () => said.out,
    async logged(event, count = 1) {
      const until = performance.now() + PATIENCE;
      for (;;) {
        const found = lines.filter((one) => one['event'] === event);
        if (found.length >= count) return found;
        if (performance.now() > until) throw new Error(`no "${event}" came: ${said.err}`);
        await sleep(10);
      }
    },
    stop() {
      stop.abort();
      return exit;
    },
  };
}
