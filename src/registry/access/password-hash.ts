// SPDX-License-Identifier: Apache-2.0
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import {
  formatScrypt,
  type ScryptCost,
  type ScryptPassword,
} from '../../core/access/stored-password.ts';

/**
 * 32 MiB and about a fifth of a second. One of the settings that OWASP calls equally strong, and the one with the
 * least memory that still takes three runs over it: two at once must not crowd out the uploads.
 */
const COST: ScryptCost = { logRounds: 15, blockSize: 8, parallel: 3 };
/** Bytes. */
const LENGTH = { salt: 16, hash: 32 };

/** To be compared with where there is nobody: no password is known to make it. */
export const NOBODY: ScryptPassword = {
  kind: 'scrypt',
  text: '',
  ...COST,
  salt: 'A'.repeat(22),
  hash: 'A'.repeat(43),
};

/** What to write into a password file. */
export async function hashPassword(password: string, cost: ScryptCost = COST): Promise<string> {
  const salt = randomBytes(LENGTH.salt);
  const hash = await derive(password, salt, { length: LENGTH.hash, cost });
  return formatScrypt(cost, withoutPadding(salt), withoutPadding(hash));
}

export async function isScryptOf(password: string, stored: ScryptPassword): Promise<boolean> {
  const expected = Buffer.from(stored.hash, 'base64');
  const salt = Buffer.from(stored.salt, 'base64');
  const found = await derive(password, salt, { length: expected.byteLength, cost: stored });
  return timingSafeEqual(found, expected);
}

interface Derivation {
  readonly length: number;
  readonly cost: ScryptCost;
}

/** Off the event loop: node does it in its pool of threads. */
function derive(
  password: string,
  salt: Uint8Array,
  { length, cost: { logRounds, blockSize, parallel } }: Derivation,
): Promise<Buffer> {
  const options: ScryptOptions = {
    N: 2 ** logRounds,
    r: blockSize,
    p: parallel,
    maxmem: 256 * blockSize * (2 ** logRounds + parallel), // twice what it takes
  };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function withoutPadding(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
