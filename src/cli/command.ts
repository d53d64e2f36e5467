// SPDX-License-Identifier: Apache-2.0

/** What every command of the program ends with. */
export const EXIT = {
  /** Done, or nothing to do. */
  done: 0,
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A plan has changes that were not carried out. */
  changesPending: 3,
  /** A policy or a check refuses. */
  refused: 4,
  /** Some of it was done; what failed was named. */
  partlyFailed: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Standard input, as far as a command reads secrets from it; a terminal knows `setRawMode`. */
export interface SecretInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  readonly setRawMode?: (isRaw: boolean) => unknown;
}

/** What a command may touch of its process. Tests hand in their own. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Of the terminal that `err` writes to; undefined when it writes to none, and left out where there is never one. */
  readonly terminal?: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Left out where nobody could write to it. */
  readonly input?: SecretInput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is asked to stop (SIGTERM, SIGINT). */
  readonly stop: AbortSignal;
  /** Has a function called whenever the process gets SIGHUP; returns what ends that. */
  readonly onHangup: (listener: () => void) => () => void;
}

export interface CommandInput {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** A command as data: the help and the reference page are made from it. */
export interface Command {
  /** With its group: `registry import`. */
  readonly name: string;
  readonly summary: string;
  /** In commander's notation: `<required>`, `[optional]`, `[several...]`. */
  readonly args?: ReadonlyArray<{ readonly name: string; readonly description: string }>;
  readonly options?: ReadonlyArray<{
    readonly flags: string;
    readonly description: string;
    readonly default?: string;
  }>;
  /** Whole command lines with what they are for. */
  readonly examples: ReadonlyArray<{ readonly line: string; readonly why: string }>;
  run(input: CommandInput, io: CommandIo): Promise<ExitCode>;
}

/** The text of an option, when it was given one. */
export function optionText(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The command line is at fault: printed without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
