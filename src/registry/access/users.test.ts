// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { openLog } from '../../log.ts';
import { SAMPLE_HASHES } from './sample-secrets.ts';
import { openUsers } from './users.ts';

const HASH = `$2y$05$${'a'.repeat(53)}`;

function world(text: string | undefined) {
  const lines: string[] = [];
  const state = { text, time: 0, reads: 0, lines };
  const ports = {
    readFile: async () => {
      state.reads += 1;
      if (state.text === undefined) throw new Error('not there');
      return state.text;
    },
    now: () => state.time,
    log: openLog('info', (line) => lines.push(line)),
  };
  return { state, ports, open: () => openUsers('users', ports) };
}

describe('the users of a file', () => {
  test('threat 12: who is taken out of it is out a second later', async () => {
    const { state, open } = world(`alice:${HASH}\nbob:${HASH}\n`);
    const users = await open();
    state.text = `bob:${HASH}\n`;
    state.time = 999;
    expect([...(await users.current()).keys()]).toEqual(['alice', 'bob']);
    expect(state.reads).toBe(1);
    state.time = 1_000;
    const [some, same] = await Promise.all([users.current(), users.current()]);
    expect([...some.keys()]).toEqual(['bob']);
    expect(same).toBe(some);
    expect(state.reads).toBe(2);
  });

  test.each([undefined, 'alice:tulips', `alice:${[...SAMPLE_HASHES][0]}`])(
    'stay as they were when it becomes %j, which is logged once',
    async (text) => {
      const { state, open } = world(`alice:${HASH}\n`);
      const users = await open();
      state.text = text;
      for (state.time = 2_000; state.time < 5_000; state.time += 1_000) {
        expect([...(await users.current()).keys()]).toEqual(['alice']);
      }
      const refused = state.lines.filter((line) => line.includes('"users-refused"'));
      expect(refused).toHaveLength(1);
      expect(refused.join()).not.toMatch(/tulips|\$2y|\$scrypt/);
      state.text = '';
      state.time = 9_000;
      expect((await users.current()).size).toBe(0);
    },
  );

  test.each([undefined, 'alice:tulips'])('%j is refused at the start', async (text) => {
    await expect(world(text).open()).rejects.toMatchObject({ name: 'ConfigError' });
  });

  test('threat 13: a hash from the documentation is refused at the start', async () => {
    const { open } = world(`alice:${[...SAMPLE_HASHES][0]}`);
    await expect(open()).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [expect.stringContaining('"alice" is a sample from the documentation')],
    });
  });
});
