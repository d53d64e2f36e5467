// SPDX-License-Identifier: Apache-2.0
import { Command as Commander, CommanderError } from 'commander';
import { type Command, type CommandIo, EXIT, type ExitCode, UsageError } from './command.ts';
import { COMMANDS, INTERNAL_COMMANDS } from './commands.ts';
import { VERSION } from './version.ts';

/** Runs one command line, without the program's own name. The one place that makes an exit code of a failure. */
export async function dispatch(argv: readonly string[], io: CommandIo): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = build(COMMANDS, io, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (error) {
    // Commander has printed help, the version or its complaint already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    io.err(`archeion: ${messageOf(error)}\n`);
    return isUsers(error) ? EXIT.usage : EXIT.failed;
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

function isUsers(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Error && error.name === 'ConfigError');
}

function build(
  commands: readonly Command[],
  io: CommandIo,
  done: (code: ExitCode) => void,
): Commander {
  const program = new Commander('archeion')
    .description('One name for container images, every pull answered from the nearest copy.')
    .version(VERSION, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(add --help for the options and examples)');
  for (const command of commands) add(program, command, io, done);
  for (const command of INTERNAL_COMMANDS) add(program, command, io, done);
  return program;
}

function add(
  program: Commander,
  command: Command,
  io: CommandIo,
  done: (code: ExitCode) => void,
): void {
  const words = command.name.split(' ');
  const last = words.pop() ?? '';
  const parent = words.reduce(group, program);
  const hidden = INTERNAL_COMMANDS.includes(command);
  const added = parent.command(last, { hidden }).description(command.summary);
  for (const { name, description } of command.args ?? []) added.argument(name, description);
  for (const option of command.options ?? []) {
    added.option(option.flags, option.description, option.default);
  }
  const examples = command.examples.map(({ line, why }) => `  # ${why}\n  ${line}`);
  added.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  added.action(async () => {
    const args = added.processedArgs.flat().filter((arg) => arg !== undefined);
    done(await command.run({ args: args.map(String), options: { ...added.opts() } }, io));
  });
}

function group(parent: Commander, name: string): Commander {
  return parent.commands.find((command) => command.name() === name) ?? newGroup(parent, name);
}

const GROUPS: Readonly<Record<string, string>> = {
  bundle: 'images in one file, for a site without a network',
  mirror: 'keeps backends filled from a registry',
  registry: 'an OCI registry on a folder or a bucket',
  user: 'who may log in to a registry',
  ranges: 'which addresses belong to which cloud and region',
  index: 'digest indexes: what a backend holds, so that it need not be asked',
  config: 'look at a configuration',
};

function newGroup(parent: Commander, name: string): Commander {
  return parent.command(name).description(GROUPS[name] ?? name);
}
