// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { LoadedConfig } from '../load-config.ts';
import { preparedState } from './worker-state.ts';

/** A state that is made when the test says so. */
function slowState() {
  const [swapped, forgotten]: [string[], string[]] = [[], []];
  const making: Array<() => void> = [];
  const state = preparedState({
    prepare: ({ origin }) =>
      new Promise((resolve) =>
        making.push(() => resolve((accept) => void (accept ? swapped : forgotten).push(origin))),
      ),
  });
  return { state, swapped, forgotten, finish: (place: number) => making[place]?.() };
}

// Nothing here looks into a configuration.
const named = (origin: string) => ({ origin }) as LoadedConfig;

test('what was prepared is swapped when it is accepted, once', async () => {
  const { state, swapped, finish } = slowState();
  const prepared = state.prepare(named('two'));
  finish(0);
  await prepared;
  expect(swapped).toEqual([]);
  state.settle(true);
  state.settle(true);
  expect(swapped).toEqual(['two']);
});

test('what is not accepted is forgotten', async () => {
  const { state, swapped, forgotten, finish } = slowState();
  const prepared = state.prepare(named('two'));
  finish(0);
  await prepared;
  state.settle(false);
  state.settle(true);
  expect([swapped, forgotten]).toEqual([[], ['two']]);
});

test('what is ready only after it was given up is not swapped with the next', async () => {
  const { state, swapped, forgotten, finish } = slowState();
  const late = state.prepare(named('late'));
  state.settle(false);
  const next = state.prepare(named('next'));
  finish(1);
  await next;
  finish(0);
  await late;
  state.settle(true);
  expect([swapped, forgotten]).toEqual([['next'], ['late']]);
});
