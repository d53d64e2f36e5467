// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { formatScrypt, parseStoredPassword } from './stored-password.ts';

const SALT = 'A'.repeat(22);
const HASH = 'B'.repeat(43);
const BCRYPT_END = 'c'.repeat(53);

describe('what is stored of a password', () => {
  test.each(['2a', '2b', '2y'])('bcrypt of the kind %s is read', (kind) => {
    const text = `$${kind}$10$${BCRYPT_END}`;
    expect(parseStoredPassword(text)).toEqual({ kind: 'bcrypt', text });
  });

  test('scrypt is read as it was written', () => {
    const cost = { logRounds: 15, blockSize: 8, parallel: 3 };
    const text = formatScrypt(cost, SALT, HASH);
    expect(text).toBe(`$scrypt$ln=15,r=8,p=3$${SALT}$${HASH}`);
    expect(parseStoredPassword(text)).toEqual({
      kind: 'scrypt',
      text,
      ...cost,
      salt: SALT,
      hash: HASH,
    });
  });

  test.each([
    ['nothing', ''],
    ['a password', 'tulips'],
    ['MD5', '$apr1$abcdefgh$0123456789012345678901'],
    ['SHA-1', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['a kind of bcrypt with a known flaw', `$2x$10$${BCRYPT_END}`],
    ['bcrypt that is cut', `$2b$10$${BCRYPT_END.slice(1)}`],
    ['bcrypt that is too long', `$2b$10$${BCRYPT_END}c`],
    ['bcrypt that costs nothing', `$2b$03$${BCRYPT_END}`],
    ['bcrypt that takes minutes', `$2b$16$${BCRYPT_END}`],
    ['scrypt that costs nothing', `$scrypt$ln=9,r=8,p=1$${SALT}$${HASH}`],
    ['scrypt without blocks', `$scrypt$ln=10,r=0,p=1$${SALT}$${HASH}`],
    ['scrypt without a run', `$scrypt$ln=10,r=8,p=0$${SALT}$${HASH}`],
    ['scrypt beyond all memory', `$scrypt$ln=18,r=8,p=1$${SALT}$${HASH}`],
    ['scrypt that takes minutes', `$scrypt$ln=17,r=8,p=99$${SALT}$${HASH}`],
    ['a short salt', `$scrypt$ln=15,r=8,p=1$AAAA$${HASH}`],
    ['an empty hash', `$scrypt$ln=15,r=8,p=1$${SALT}$`],
    ['a short hash', `$scrypt$ln=15,r=8,p=1$${SALT}$AAAA`],
  ])('%s is refused', (_, text) => {
    expect(parseStoredPassword(text)).toBeUndefined();
  });
});
