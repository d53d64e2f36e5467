// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessOptions {
  readonly cwd?: string;
  /** Replaces the environment whole; the default is this process' own. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface FinishedProcess {
  /** The exit code; 128 and the signal's number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly pid: number;
  /** Everything it wrote so far, both streams in the order they arrived. */
  output(): string;
  /** Everything it wrote to standard output so far. */
  stdout(): string;
  /** The exit code once it has ended, else undefined. */
  exitCode(): number | undefined;
  /** Signals it and everything it started, waits for its end, and gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

const STOP_WITHIN = 15_000;

const started = new Set<RunningProcess>();

/** Stops whatever this file's tests started and left running, also what a set-up that failed left behind. */
export async function stopAllProcesses(): Promise<void> {
  // The last first: a proxy goes before what it stands in front of.
  for (const running of [...started].reverse()) await running.stop();
}

/** Starts a program as the leader of a process group of its own, so that stopping leaves nobody behind. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = collectOutput(child);
  const ended = once(child, 'close').then(() => exitCodeOf(child));
  // A program that cannot be started shows as one that ended: whoever waits for it reports its output.
  ended.catch((error: unknown) => written.both.push(`${command}: ${String(error)}\n`));
  const pid = child.pid ?? -1;
  const running: RunningProcess = {
    pid,
    output: () => written.both.join(''),
    stdout: () => written.stdout.join(''),
    exitCode: () => (isOver(child) ? exitCodeOf(child) : undefined),
    stop: (signal = 'SIGTERM') => stopGroup(pid, signal, ended),
  };
  started.add(running);
  child.on('close', () => started.delete(running));
  return running;
}

/** Runs a program to its end. A failure is an answer here, not an exception. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<FinishedProcess> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = collectOutput(child);
  await once(child, 'close');
  return {
    code: exitCodeOf(child),
    stdout: written.stdout.join(''),
    stderr: written.stderr.join(''),
  };
}

/** Runs a program that has to succeed; what it wrote to standard output is the answer. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProcess(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`"${command} ${args.join(' ')}" ended with ${code}: ${stderr}${stdout}`);
}

/** Asks again and again until the answer is not undefined; fails with `describe()` when time is up. */
export async function waitFor<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  describe: () => string,
  milliseconds = 20_000,
): Promise<T> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(25);
  }
  throw new Error(`gave up after ${milliseconds} ms: ${describe()}`);
}

/** The first match in what the program wrote; fails at once when the program ends before. */
export function waitForOutput(
  running: RunningProcess,
  pattern: RegExp,
  milliseconds?: number,
): Promise<RegExpExecArray> {
  const ask = (): RegExpExecArray | undefined => {
    const match = pattern.exec(running.output());
    if (match === null && running.exitCode() !== undefined) {
      throw new Error(`ended before it wrote ${pattern}: ${running.output()}`);
    }
    return match ?? undefined;
  };
  return waitFor(ask, () => `${pattern} never appeared in: ${running.output()}`, milliseconds);
}

/** The environment as a login shell has it: without the programs that npm puts before the system's. */
export function systemEnvironment(): NodeJS.ProcessEnv {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS$|NODE$|VITEST|ARCHEION_|INIT_CWD$)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: path.filter((folder) => !/node_modules|node-gyp-bin/.test(folder)).join(delimiter),
  };
}

function collectOutput(child: ChildProcess) {
  const written = { both: [] as string[], stdout: [] as string[], stderr: [] as string[] };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written.both.push(text);
      written[name].push(text);
    });
  }
  return written;
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function exitCodeOf(child: ChildProcess): number {
  const { exitCode, signalCode } = child;
  return exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode]);
}

async function stopGroup(
  pid: number,
  signal: NodeJS.Signals,
  ended: Promise<number>,
): Promise<number> {
  signalGroup(pid, signal);
  const killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_WITHIN);
  try {
    return await ended;
  } finally {
    clearTimeout(killer);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}
