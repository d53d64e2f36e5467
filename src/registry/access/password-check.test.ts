// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseStoredPassword, type StoredPassword } from '../../core/access/stored-password.ts';
import { parseAddress } from '../../core/net/address.ts';
import { passwordCheck } from './password-check.ts';

const HOME = parseAddress('192.0.2.1');
const ELSEWHERE = parseAddress('192.0.2.2');
const ALICE = stored('a');
const BOB = stored('b');

function stored(letter: string): StoredPassword {
  const parsed = parseStoredPassword(`$2y$05$${letter.repeat(53)}`);
  if (parsed === undefined) throw new Error('the test itself is wrong');
  return parsed;
}

/** A check whose hashing is counted, ends when told to, and finds "right" right. */
function world() {
  const users = new Map([
    ['alice', ALICE],
    ['bob', BOB],
  ]);
  const state = { time: 0, hashed: [] as StoredPassword[], held: [] as Array<() => void> };
  const hold = { on: false };
  const check = passwordCheck({
    users: { current: async () => users },
    now: () => state.time,
    verify: async (password, entry) => {
      state.hashed.push(entry);
      if (hold.on) await new Promise<void>((resolve) => state.held.push(resolve));
      return password === 'right';
    },
  });
  const isRight = (name: string, password: string, from = HOME) =>
    check.isRight({ name, password }, from);
  return { users, state, hold, isRight };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('a password', () => {
  test('that is right is remembered for a minute, and then looked at again', async () => {
    const { state, isRight } = world();
    expect(await isRight('alice', 'right')).toBe(true);
    state.time = 59_999;
    expect(await isRight('alice', 'right', ELSEWHERE)).toBe(true);
    expect(state.hashed).toHaveLength(1);
    state.time = 60_000;
    expect(await isRight('alice', 'right')).toBe(true);
    expect(state.hashed).toHaveLength(2);
  });

  test('that is remembered is of no use for another user, or when another is set', async () => {
    const { users, state, isRight } = world();
    await isRight('alice', 'right');
    await isRight('bob', 'right');
    expect(state.hashed).toHaveLength(2);
    users.set('alice', BOB);
    await isRight('alice', 'right');
    expect(state.hashed).toHaveLength(3);
    users.delete('bob');
    expect(await isRight('bob', 'right')).toBe(false);
  });

  test('that is wrong is not remembered', async () => {
    const { state, isRight } = world();
    expect(await isRight('alice', 'wrong')).toBe(false);
    expect(await isRight('alice', 'wrong')).toBe(false);
    expect(state.hashed).toHaveLength(2);
  });

  test('of nobody takes the work of one of those who are there, the same each time', async () => {
    const { state, isRight } = world();
    for (const name of ['carol', 'carol', 'carol']) {
      expect(await isRight(name, 'right')).toBe(false);
    }
    expect(state.hashed).toHaveLength(3);
    expect(new Set(state.hashed).size).toBe(1);
    expect([ALICE, BOB]).toContain(state.hashed[0]);
  });

  test('takes work even where there is no user at all', async () => {
    const { users, state, isRight } = world();
    users.clear();
    expect(await isRight('carol', 'right')).toBe(false);
    expect(state.hashed).toMatchObject([{ kind: 'scrypt', logRounds: 15 }]);
  });

  test('is hashed once for all who send it at the same time', async () => {
    const { state, hold, isRight } = world();
    hold.on = true;
    const all = Array.from({ length: 100 }, () => isRight('alice', 'right'));
    await settle();
    expect(state.held).toHaveLength(1);
    state.held[0]?.();
    expect(new Set(await Promise.all(all))).toEqual(new Set([true]));
  });

  test('is refused unseen after twenty wrong ones from one address, and only there', async () => {
    const { state, isRight } = world();
    for (let guess = 0; guess < 20; guess++) {
      expect(await isRight('alice', `wrong ${guess}`)).toBe(false);
    }
    await expect(isRight('alice', 'right')).rejects.toMatchObject({
      status: 429,
      headers: ['Retry-After', '10'],
    });
    expect(state.hashed).toHaveLength(20);
    expect(await isRight('alice', 'right', ELSEWHERE)).toBe(true);
    // What is remembered needs no hash, so nobody is locked out by their neighbours.
    expect(await isRight('alice', 'right')).toBe(true);
  });

  test('that is right counts for nothing, however often it has to be hashed', async () => {
    const { state, isRight } = world();
    for (let turn = 0; turn < 100; turn++) {
      // Another user each time would be remembered; a minute later it has to be hashed again.
      state.time += 60_000;
      expect(await isRight('alice', 'right')).toBe(true);
    }
    const wrong = Array.from({ length: 21 }, (_, guess) => isRight('alice', `wrong ${guess}`));
    const results = await Promise.allSettled(wrong);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });

  test('guesses at the same time are counted before they are looked at, two at a time', async () => {
    const { state, hold, isRight } = world();
    hold.on = true;
    const all = Array.from({ length: 50 }, (_, guess) => isRight('alice', `wrong ${guess}`));
    const results = Promise.allSettled(all);
    await settle();
    expect(state.held).toHaveLength(2);
    hold.on = false;
    for (const end of state.held) end();
    const refused = (await results).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(30);
    expect(state.hashed).toHaveLength(20);
  });

  test('that would wait too long is refused, and that counts for nothing', async () => {
    const { state, hold, isRight } = world();
    hold.on = true;
    const addresses = Array.from({ length: 40 }, (_, last) => parseAddress(`198.51.100.${last}`));
    const all = addresses.map((from) => isRight('alice', JSON.stringify(from), from));
    const results = Promise.allSettled(all);
    await settle();
    hold.on = false;
    for (const end of state.held) end();
    const refused = (await results).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(6);
    expect(refused[0]).toMatchObject({ reason: { status: 429, code: 'TOOMANYREQUESTS' } });
  });
});
