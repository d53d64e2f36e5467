// SPDX-License-Identifier: Apache-2.0
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProcess } from '../support/processes.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/archeion');
const FLAG = /^--max-semi-space-size=\d+$/;
/** Has a process write its number and V8's flags when it begins, before the program does anything. */
const TELL = [
  '--import',
  'data:text/javascript,process.stderr.write(process.pid + " " + process.execArgv[0] + "\\n")',
];

test.each(['serve', 'dev', 'mirror run'])(
  '%s runs with a bounded space for what is new',
  async (command) => {
    const line = [...TELL, PROGRAM, ...command.split(' '), '--help'];
    const [first, second, ...rest] = await begin(line);
    expect(first?.flag).toBe('--import');
    expect(second?.flag).toMatch(FLAG);
    expect(second?.pid).toBe(first?.pid);
    expect(rest).toEqual([]);
  },
);

test.each([
  ['serve', {}, '65536'],
  ['serve', { MALLOC_MMAP_THRESHOLD_: '1000000' }, '1000000'],
  ['dev', {}, 'undefined'],
])('%s, given %j, has memory given back in pieces from %s bytes', async (command, more, size) => {
  const tell =
    'data:text/javascript,process.stderr.write(process.env.MALLOC_MMAP_THRESHOLD_ + "\\n")';
  const env = { ...process.env, ...more };
  const args = ['--import', tell, PROGRAM, command, '--help'];
  const { stderr } = await runProcess(process.execPath, args, { env });
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(size);
});

test('what is over soon begins once', async () => {
  expect(await begin([...TELL, PROGRAM, 'config', '--help'])).toHaveLength(1);
  expect(await begin([...TELL, PROGRAM, '--version'])).toHaveLength(1);
});

test.each([
  ['on the command line', ['--max_semi_space_size=16'], ''],
  ['in the environment', [], '--max-semi-space-size=16'],
])('a size given %s is left alone', async (_where, flags, NODE_OPTIONS) => {
  const env = { ...process.env, NODE_OPTIONS };
  expect(await begin([...TELL, ...flags, PROGRAM, 'serve', '--help'], env)).toHaveLength(1);
});

test('a child with a channel to its parent keeps it', async () => {
  const child = fork(PROGRAM, ['serve', '--help'], { execArgv: TELL, silent: true });
  const lines: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text) => lines.push(text));
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  expect(lines.join('').trim().split('\n')).toHaveLength(1);
});

test('where Node may start nothing it runs all the same', async () => {
  const limits = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
  const { code, stdout } = await runProcess(process.execPath, [
    ...limits,
    PROGRAM,
    'serve',
    '--help',
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: archeion serve');
});

test('exit code and output are those of the program', async () => {
  const { code, stdout, stderr } = await runProcess(process.execPath, [PROGRAM, 'serve', '--no']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: unknown option '--no'/);
});

interface Begun {
  readonly pid: string | undefined;
  readonly flag: string | undefined;
}

/** What was begun, in order, by one command that succeeds. */
async function begin(args: readonly string[], env = process.env): Promise<Begun[]> {
  const { code, stderr } = await runProcess(process.execPath, args, { env });
  expect(code, stderr).toBe(0);
  return stderr
    .trim()
    .split('\n')
    .map((line) => ({ pid: line.split(' ')[0], flag: line.split(' ')[1] }));
}
