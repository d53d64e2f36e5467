// SPDX-License-Identifier: Apache-2.0
import { createHmac, generateKeySync, type KeyObject } from 'node:crypto';
import { failureLimiter } from '../../core/access/failure-limiter.ts';
import type { Users } from '../../core/access/password-file.ts';
import type { StoredPassword } from '../../core/access/stored-password.ts';
import type { Address } from '../../core/net/address.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { recentMap } from '../../core/recent-map.ts';
import { fewAtOnce } from './few-at-once.ts';
import { NOBODY } from './password-hash.ts';
import type { UserList } from './users.ts';

export interface Login {
  readonly name: string;
  readonly password: string;
}

export interface PasswordPorts {
  readonly users: UserList;
  /** Slow on purpose. */
  readonly verify: (password: string, stored: StoredPassword) => Promise<boolean>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface PasswordCheck {
  /**
   * Whether somebody is who they say. Takes as long for a user that is not there.
   *
   * @throws RegistryError `TOOMANYREQUESTS` for an address that was wrong too often, or when too many wait
   */
  isRight(login: Login, from: Address | undefined): Promise<boolean>;
}

/** So long a password that was right is not hashed again. */
const REMEMBERED_FOR = 60_000;
const MOST_REMEMBERED = 1_024;
/** Hashes: each takes 32 MiB and a core. */
const AT_ONCE = 2;
const MOST_WAITING = 32;

export function passwordCheck({ users, verify, now }: PasswordPorts): PasswordCheck {
  const failures = failureLimiter();
  const inTurn = fewAtOnce(AT_ONCE, MOST_WAITING);
  // Made anew by every process and never written down: what is remembered is of no use elsewhere.
  const secret = generateKeySync('hmac', { length: 256 });
  const remembered = recentMap<string, number>(MOST_REMEMBERED);
  const underWay = new Map<string, Promise<boolean>>();

  /** Undefined when nobody has time for it. */
  function begin(login: Login, known: Users): Promise<boolean> | undefined {
    const stored = known.get(login.name);
    const likeness = stored ?? someOther(known, secret, login.name);
    const begun = inTurn(() => verify(login.password, likeness));
    return begun?.then((isSame) => isSame && stored !== undefined);
  }

  async function tryOnce(login: Login, known: Users, from: Address | undefined): Promise<boolean> {
    const wait = failures.take(from, now());
    if (wait > 0) throw tooMany(wait, 'too many wrong passwords');
    const begun = begin(login, known);
    if (begun === undefined) {
      failures.giveBack(from);
      throw tooMany(1_000, 'too many logins at once');
    }
    const isRight = await begun;
    if (isRight) failures.giveBack(from);
    return isRight;
  }

  return {
    async isRight(login, from) {
      const known = await users.current();
      const mark = markOf(secret, login, known);
      if ((remembered.get(mark) ?? 0) > now()) return true;
      // The same guess a second time at once tells its sender nothing new, and clients ask several things at once.
      const same = underWay.get(mark);
      if (same !== undefined) return same;
      const attempt = tryOnce(login, known, from).finally(() => underWay.delete(mark));
      underWay.set(mark, attempt);
      const isRight = await attempt;
      if (isRight) remembered.set(mark, now() + REMEMBERED_FOR);
      return isRight;
    },
  };
}

/** With what is stored in it, so that a changed password counts at once. */
function markOf(secret: KeyObject, { name, password }: Login, known: Users): string {
  const parts = [name, known.get(name)?.text ?? '', password];
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64');
}

/** Somebody who is not there takes as long as somebody who is: always the same one, for nobody to tell by asking again. */
function someOther(known: Users, secret: KeyObject, name: string): StoredPassword {
  const all = [...known.values()];
  const number = createHmac('sha256', secret).update(name).digest().readUInt32BE();
  return all[number % all.length] ?? NOBODY;
}

function tooMany(milliseconds: number, what: string): RegistryError {
  const seconds = Math.ceil(milliseconds / 1_000);
  return new RegistryError('TOOMANYREQUESTS', `${what}: try again in ${seconds} s`, {
    headers: ['Retry-After', String(seconds)],
  });
}
