// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { dispatch } from '../../src/cli/dispatch.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

async function configured(): Promise<string> {
  const registry = await registryFolder();
  const folder = await temporaryFolder();
  const config = join(folder, 'mirror.yaml');
  const source = {
    registry: { storage: { kind: 'filesystem', directory: registry.folder } },
    repositories: ['**'],
  };
  const targets = [{ name: 'dublin', storage: { kind: 'filesystem', directory: 'dublin' } }];
  await writeFile(config, stringify({ source, targets }));
  return config;
}

async function onTerminal(line: readonly string[], env = {}): Promise<string> {
  let said = '';
  await dispatch(line, {
    out: () => undefined,
    err: (text) => (said += text),
    terminal: () => ({ columns: 80, rows: 24 }),
    env,
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return said;
}

test('a program hears of each phase, and of each target at the end', async () => {
  const config = await configured();
  const planned = await runCommand(['mirror', 'plan', '--config', config]);
  const phasesOf = (lines: readonly string[] = []) => lines.map((line) => JSON.parse(line).phase);
  expect(phasesOf(planned.progress)).toEqual(['reading', 'looking-again']);
  const { progress } = await runCommand(['mirror', 'run', '--yes', '--config', config]);
  expect(phasesOf(progress)).toEqual(['reading', 'looking-again', 'copying']);
  expect(JSON.parse(progress?.at(-1) ?? '')).toMatchObject({
    target: 'dublin',
    objects: 10,
    of: 10,
    remaining: 0,
    errors: 0,
  });
  const again = await runCommand(['mirror', 'plan', '--json', '--config', config]);
  expect(JSON.parse(again.progress?.[0] ?? '')).toMatchObject({ phase: 'listing', objects: 10 });
});

test('a person at a terminal sees lines that are drawn over each other', async () => {
  const config = await configured();
  const said = await onTerminal(['mirror', 'run', '--yes', '--config', config]);
  expect(said).toContain('source: 2 of 2 repositories read\n\u001b[1A\u001b[0J');
  expect(said).toMatch(/dublin: 10 of 10 objects, 1.9 KiB of 1.9 KiB, .* a second, 0 s left\n$/);
});

test('JSON is what there is on a terminal when it is asked for, or the terminal can draw nothing', async () => {
  const config = await configured();
  const json = await onTerminal(['mirror', 'plan', '--json', '--config', config]);
  expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({ phase: 'reading' });
  const dumb = await onTerminal(['mirror', 'plan', '--config', config], { TERM: 'dumb' });
  expect(JSON.parse(dumb.split('\n')[0] ?? '')).toMatchObject({ phase: 'reading' });
});
