// SPDX-License-Identifier: Apache-2.0

/** What a password file holds instead of a password. */
export type StoredPassword = BcryptPassword | ScryptPassword;

export interface BcryptPassword {
  readonly kind: 'bcrypt';
  /** All of it, as it is in the file. */
  readonly text: string;
}

/** Times 128 bytes: the memory is 2^logRounds × blockSize. */
export interface ScryptCost {
  readonly logRounds: number;
  readonly blockSize: number;
  readonly parallel: number;
}

export interface ScryptPassword extends ScryptCost {
  readonly kind: 'scrypt';
  readonly text: string;
  /** Base64 without padding, as the hash. */
  readonly salt: string;
  readonly hash: string;
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
// Salts of 8 to 64 bytes, hashes of 16 to 64: an empty hash would be equal to any that is cut to its length.
const SCRYPT =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Each step doubles the work: 15 takes seconds, and whoever writes 31 has made the check a trap. */
const BCRYPT_COST = { least: 4, most: 15 };
/** 2^20 × 128 bytes are 128 MiB. */
const SCRYPT_LIMITS = { leastLogRounds: 10, mostMemory: 2 ** 20, mostWork: 2 ** 22 };

/** Undefined for what is malformed, in another format, or would take too much work or memory to check. */
export function parseStoredPassword(text: string): StoredPassword | undefined {
  return parseBcrypt(text) ?? parseScrypt(text);
}

function parseBcrypt(text: string): BcryptPassword | undefined {
  const cost = Number(BCRYPT.exec(text)?.[1]);
  return cost >= BCRYPT_COST.least && cost <= BCRYPT_COST.most
    ? { kind: 'bcrypt', text }
    : undefined;
}

function parseScrypt(text: string): ScryptPassword | undefined {
  const match = SCRYPT.exec(text);
  if (match === null) return undefined;
  const [logRounds = 0, blockSize = 0, parallel = 0] = match.slice(1, 4).map(Number);
  const [salt = '', hash = ''] = match.slice(4);
  const cost = { logRounds, blockSize, parallel };
  return isBearable(cost) ? { kind: 'scrypt', text, ...cost, salt, hash } : undefined;
}

function isBearable({ logRounds, blockSize, parallel }: ScryptCost): boolean {
  const memory = 2 ** logRounds * blockSize;
  const work = memory * parallel;
  return (
    logRounds >= SCRYPT_LIMITS.leastLogRounds &&
    work > 0 &&
    memory <= SCRYPT_LIMITS.mostMemory &&
    work <= SCRYPT_LIMITS.mostWork
  );
}

/** The form that other programs write, too: https://github.com/P-H-C/phc-string-format */
export function formatScrypt(
  { logRounds, blockSize, parallel }: ScryptCost,
  salt: string,
  hash: string,
): string {
  return `$scrypt$ln=${logRounds},r=${blockSize},p=${parallel}$${salt}$${hash}`;
}
