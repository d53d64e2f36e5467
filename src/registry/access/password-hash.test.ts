// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseStoredPassword, type ScryptPassword } from '../../core/access/stored-password.ts';
import { hashPassword, isScryptOf } from './password-hash.ts';
import { passwordProblem } from './sample-secrets.ts';

const CHEAP = { logRounds: 10, blockSize: 8, parallel: 1 };

async function made(password: string, cost = CHEAP): Promise<ScryptPassword> {
  const stored = parseStoredPassword(await hashPassword(password, cost));
  if (stored?.kind !== 'scrypt') throw new Error('it cannot be read again');
  return stored;
}

test('what is written can be read, and is right for its password only', async () => {
  const stored = await made('tulips ü');
  expect(await isScryptOf('tulips ü', stored)).toBe(true);
  expect(await isScryptOf('tulips', stored)).toBe(false);
  expect(await isScryptOf('', stored)).toBe(false);
});

test('two hashes of one password differ', async () => {
  expect((await made('tulips')).text).not.toBe((await made('tulips')).text);
});

test('the usual cost is what is recommended', async () => {
  const stored = parseStoredPassword(await hashPassword('tulips'));
  expect(stored).toMatchObject({ logRounds: 15, blockSize: 8, parallel: 3 });
});

test('a hash that another program made is read (RFC 7914 section 12)', async () => {
  const hash = Buffer.from(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    'hex',
  );
  const salt = Buffer.from('NaCl').toString('base64').replaceAll('=', '');
  const stored = {
    ...({ kind: 'scrypt', text: '', logRounds: 10, blockSize: 8, parallel: 16 } as const),
    salt,
    hash: hash.toString('base64'),
  };
  expect(await isScryptOf('password', stored)).toBe(true);
});

test.each(['', 'short', 'ALICEALICE', 'changeme', 'Harbor12345', 'tulips\n4711'])(
  'threat 13: %j cannot be set as a password',
  (password) => {
    expect(passwordProblem('alicealice', password)).toEqual(expect.any(String));
  },
);

test('a password of eight characters can', () => {
  expect(passwordProblem('alice', 'tulips47')).toBeUndefined();
});
