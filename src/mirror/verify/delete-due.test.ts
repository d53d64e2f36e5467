// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { parseBlobPath } from '../../core/routing/blob-path.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { changeWithheld, readWithheld, type Withheld } from '../withheld.ts';
import { type DeleteOptions, deleteDue } from './delete-due.ts';

const blobPath = parseBlobPath('images/{digest}') ?? expect.fail('it is a path');
const [A, B] = ['a', 'b'].map(
  (digit) => parseDigest(`sha256:${digit.repeat(64)}`) ?? expect.fail('it is one'),
) as [Digest, Digest];

/** Two objects that are withdrawn. */
async function withdrawn() {
  const store = memoryDriver();
  const entries: Array<[Digest, Withheld]> = [];
  for (const digest of [A, B]) {
    const written = await store.write(`images/${digest}`, digest);
    const { version } = written === 'conflict' ? expect.fail('nobody else writes') : written;
    entries.push([digest, { kind: 'unwanted', at: 0, version, until: 0 }]);
  }
  await changeWithheld(store, async () => new Map(entries));
  return store;
}

function attempt(store: StorageDriver, fields: Partial<DeleteOptions> = {}) {
  const problems: string[] = [];
  const done = deleteDue({
    target: { name: 'dublin', store, blobPath },
    due: [A, B],
    isStillDue: () => true,
    mirror: {
      now: () => 5,
      onProblem: (problem) => void problems.push(problem),
      signal: new AbortController().signal,
    },
    elapsed: () => 0,
    ...fields,
  });
  return { done, problems };
}

async function kindsIn(store: StorageDriver) {
  return [...(await readWithheld(store)).values()].map(({ kind }) => kind);
}

test('what is due is deleted, and noted as deleted', async () => {
  const store = await withdrawn();
  expect(await attempt(store).done).toBe(2);
  expect(await store.stat(`images/${A}`)).toBeUndefined();
  expect(await kindsIn(store)).toEqual(['deleted', 'deleted']);
});

test('what is not due any more when it is to be marked stays', async () => {
  const store = await withdrawn();
  expect(await attempt(store, { isStillDue: (digest) => digest === B }).done).toBe(1);
  expect(await store.stat(`images/${A}`)).toBeDefined();
  expect(await kindsIn(store)).toEqual(['unwanted', 'deleted']);
});

test('what was taken out of the note stays', async () => {
  const store = await withdrawn();
  await changeWithheld(store, async (digests) => new Map([...digests].slice(1)));
  expect(await attempt(store).done).toBe(1);
  expect(await store.stat(`images/${A}`)).toBeDefined();
});

test('what was written anew since it was withdrawn stays', async () => {
  const store = await withdrawn();
  await store.write(`images/${A}`, 'anew');
  expect(await attempt(store).done).toBe(1);
  expect(await store.stat(`images/${A}`)).toBeDefined();
});

test('what cannot be deleted is told, and stays marked for a later run', async () => {
  const store = await withdrawn();
  const failing = {
    ...store,
    remove: async () => {
      throw new Error('no');
    },
  };
  const { done, problems } = attempt(failing);
  expect(await done).toBe(0);
  expect(problems).toEqual([A, B].map((one) => `dublin: ${one} could not be deleted: no`));
  expect(await kindsIn(store)).toEqual(['deleting', 'deleting']);
});

test('nothing is deleted so late that others take the mark to be over', async () => {
  const store = await withdrawn();
  let elapsed = 0;
  expect(await attempt(store, { elapsed: () => (elapsed += 600_001) }).done).toBe(0);
  expect(await store.stat(`images/${A}`)).toBeDefined();
  expect(await kindsIn(store)).toEqual(['deleting', 'deleting']);
});
