// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { LoadedConfig } from '../load-config.ts';
import { replaceInTurn } from './front-replacement.ts';

// Nothing here looks into a configuration.
const named = (origin: string) => ({ origin }) as LoadedConfig;

/** A state that refuses `bad`, and remembers what was made and what was swapped. */
function replacement() {
  const [made, swapped]: [string[], string[]] = [[], []];
  const replacing = replaceInTurn(named('one'), {
    async prepare({ origin }) {
      made.push(origin);
      if (origin === 'bad') throw new Error('bad');
      return () => void swapped.push(origin);
    },
  });
  return { ...replacing, made, swapped };
}

test('what was prepared is in force when it is accepted', async () => {
  const { prepare, current, swapped } = replacement();
  const settle = await prepare(named('two'));
  expect([current().origin, swapped]).toEqual(['one', []]);
  settle(true);
  expect([current().origin, swapped]).toEqual(['two', ['two']]);
});

test('what is not accepted leaves no trace', async () => {
  const { prepare, current, swapped } = replacement();
  const settle = await prepare(named('two'));
  settle(false);
  expect([current().origin, swapped]).toEqual(['one', []]);
});

test('what changes beside it waits until it is settled, and is made with what is in force then', async () => {
  const { prepare, rebuild, made, swapped } = replacement();
  const settle = await prepare(named('two'));
  const rebuilt = rebuild();
  await new Promise(setImmediate);
  expect(made).toEqual(['two']);
  settle(true);
  await rebuilt;
  expect([made, swapped]).toEqual([
    ['two', 'two'],
    ['two', 'two'],
  ]);
});

test('what cannot be used holds nobody up', async () => {
  const { prepare, rebuild, swapped } = replacement();
  await expect(prepare(named('bad'))).rejects.toThrow('bad');
  await rebuild();
  expect(swapped).toEqual(['one']);
});
