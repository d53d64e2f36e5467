// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fakeMirrorSource } from '../../test/support/mirror-source.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { givingUp } from './giving-up.ts';

const signal = new AbortController().signal;

/** Answers questions about tags with these failures, one after the other, and then with none. */
function failingWith(errors: UpstreamError[]) {
  const fake = fakeMirrorSource();
  let asked = 0;
  const listTags = async () => {
    asked += 1;
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { tags: [], digests: new Map() };
  };
  return { source: givingUp({ ...fake, listTags }), asked: () => asked };
}

const silence = () => new UpstreamError('unreachable', 'no answer');
const refusal = () => new UpstreamError('unauthorized', 'no');

async function askOften({ source }: ReturnType<typeof failingWith>, times: number) {
  const answers: unknown[] = [];
  for (let count = 0; count < times; count += 1) {
    answers.push(await source.listTags('app', signal).catch((error: unknown) => error));
  }
  return answers;
}

test('a source that is silent for too long is not asked any more, whatever for', async () => {
  const silent = failingWith(Array.from({ length: 500 }, silence));
  const answers = await askOften(silent, 300);
  expect(silent.asked()).toBe(200);
  expect(String(answers.at(-1))).toContain('"https://fake.example" is not asked any more');
  const { source } = silent;
  await expect(source.listRepositories([''], signal)).rejects.toThrow('not asked any more');
  await expect(source.content('app').fetchManifest('v1')).rejects.toThrow('not asked any more');
});

test('one that answers now and then, or refuses, is asked on', async () => {
  const between = Array.from({ length: 150 }, silence);
  const shaky = failingWith([...between, refusal(), ...between.map(silence), refusal()]);
  expect((await askOften(shaky, 303)).at(-1)).toMatchObject({ tags: [] });
  expect(shaky.asked()).toBe(303);
});
