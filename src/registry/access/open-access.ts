// SPDX-License-Identifier: Apache-2.0

import type { RegistryAccessSettings } from '../../config/access.ts';
import { ConfigError } from '../../config/config-error.ts';
import { whyUnread } from '../../config/why-unread.ts';
import { type AccessRules, type AccessSettings, accessRules } from '../../core/access/rules.ts';
import type { StoredPassword } from '../../core/access/stored-password.ts';
import type { Address } from '../../core/net/address.ts';
import { parseRequestTarget } from '../../core/oci/request-target.ts';
import type { Log } from '../../log.ts';
import type { Handler, HttpRequest } from '../../protocol/http.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { Access } from '../access.ts';
import { type BcryptThread, openBcryptThread } from './bcrypt-thread.ts';
import { grants } from './grants.ts';
import { hiddenPlaces } from './hidden-places.ts';
import { passwordCheck } from './password-check.ts';
import { isScryptOf } from './password-hash.ts';
import { TOKEN_PATH, tokenEndpoint } from './token-endpoint.ts';
import { tokenKeyOfPem, tokenKeyOfStore } from './token-key.ts';
import { tokens } from './tokens.ts';
import { NO_USERS, openUsers } from './users.ts';

export interface AccessPorts {
  /** Where the key of tokens is kept, when no file has it. */
  readonly storage: StorageDriver;
  readonly readFile: (path: string) => Promise<string>;
  /** Who asks, as far as that can be believed: wrong passwords are counted by it. */
  readonly addressOf: (request: HttpRequest) => Address | undefined;
  /** How clients reach us, where no realm is configured. */
  readonly scheme: 'http' | 'https';
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

export interface RegistryAccess extends Access {
  /** Answers {@link TOKEN_PATH}, and nothing else. */
  readonly tokenHandler: Handler;
  /** From the next question on, also for requests under way and tokens that are out. */
  setRules(settings: AccessSettings): void;
  close(): void;
}

/**
 * Opens what says who may do what. Paths in the settings are absolute.
 *
 * @throws ConfigError when a file cannot be used, or holds a secret that everybody knows
 * @throws StoreError when the key in the store is damaged
 */
export async function openAccess(
  settings: RegistryAccessSettings,
  ports: AccessPorts,
): Promise<RegistryAccess> {
  const { service, tokens: tokenSettings, users: userSettings, realm } = settings;
  const { now } = ports;
  const users = userSettings === undefined ? NO_USERS : await openUsers(userSettings.file, ports);
  const key = await openKey(tokenSettings.keyFile, ports);
  const issued = tokens({ key, service, lifetime: tokenSettings.lifetime, now });
  const thread = openBcryptThread();
  const passwords = passwordCheck({ users, verify: verifier(thread), now });
  let current: AccessRules = accessRules(settings);
  const rules = () => current;
  const { addressOf, scheme } = ports;
  const asksLogin = userSettings !== undefined;
  const told = { addressOf, service, realm, scheme, asksLogin };
  return {
    ...grants({ rules, users, passwords, tokens: issued, ...told }),
    asksLogin,
    places: hiddenPlaces(key),
    tokenHandler: tokenEndpoint({ service, rules, passwords, tokens: issued, addressOf }),
    setRules(next) {
      current = accessRules(next);
    },
    close: () => thread.close(),
  };
}

/** The registry's handler, with the token endpoint beside it. */
export function withTokenEndpoint(
  { tokenHandler }: Pick<RegistryAccess, 'tokenHandler'>,
  registry: Handler,
): Handler {
  return (request) => {
    const isForTokens = parseRequestTarget(request.target)?.path === TOKEN_PATH;
    return isForTokens ? tokenHandler(request) : registry(request);
  };
}

async function openKey(file: string | undefined, { storage, readFile }: AccessPorts) {
  if (file === undefined) return tokenKeyOfStore(storage);
  const pem = await readFile(file).catch((error: unknown) => {
    throw new ConfigError(file, [`the key of tokens ${whyUnread(error)}`]);
  });
  return tokenKeyOfPem(file, pem);
}

function verifier(thread: BcryptThread) {
  return (password: string, stored: StoredPassword): Promise<boolean> => {
    switch (stored.kind) {
      case 'bcrypt':
        return thread.isBcryptOf(password, stored.text);
      case 'scrypt':
        return isScryptOf(password, stored);
    }
  };
}
