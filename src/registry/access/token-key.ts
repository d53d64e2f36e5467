// SPDX-License-Identifier: Apache-2.0
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { ConfigError } from '../../config/config-error.ts';
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { TOKEN_KEY_KEY } from '../store/layout.ts';
import { readJson } from '../store/small-object.ts';
import { StoreError } from '../store/store-error.ts';
import { SAMPLE_KEYS } from './sample-secrets.ts';

/** What tokens are signed with. */
export interface TokenKey {
  /** The thumbprint of the public half. */
  readonly id: string;
  readonly private: KeyObject;
  readonly public: KeyObject;
}

/**
 * The key of a store, made by whoever starts first: every replica over the store then has the same.
 *
 * @throws StoreError when what is there is no key
 */
export async function tokenKeyOfStore(storage: StorageDriver): Promise<TokenKey> {
  // Whoever is second finds what the first has written.
  const first = { condition: { absent: true }, isSecret: true } as const;
  if ((await storage.stat(TOKEN_KEY_KEY)) === undefined) {
    await storage.write(TOKEN_KEY_KEY, newKey(), first);
  }
  const found = await readJson(storage, TOKEN_KEY_KEY);
  try {
    const key = isObject(found) && isObject(found['key']) ? found['key'] : {};
    return tokenKey(createPrivateKey({ key: { ...key }, format: 'jwk' }));
  } catch {
    // Without the cause: what a parser says about a key may quote it.
    throw new StoreError('damaged', TOKEN_KEY_KEY, 'this is no Ed25519 private key');
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return JSON.stringify({ version: 1, key: privateKey.export({ format: 'jwk' }) });
}

/** @throws ConfigError when it is none, or one that everybody knows */
export function tokenKeyOfPem(file: string, pem: string): TokenKey {
  try {
    return tokenKey(createPrivateKey(pem));
  } catch (error) {
    const isSample = error instanceof SampleKeyError;
    const problem = isSample
      ? 'this key is printed in documentation: make one of your own'
      : 'expected an Ed25519 private key in PEM, as "openssl genpkey -algorithm ed25519" makes it';
    throw new ConfigError(file, [problem]);
  }
}

class SampleKeyError extends Error {
  override readonly name = 'SampleKeyError';
}

function tokenKey(key: KeyObject): TokenKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const publicKey = createPublicKey(key);
  const { x = '' } = publicKey.export({ format: 'jwk' });
  if (SAMPLE_KEYS.has(x)) throw new SampleKeyError();
  return { id: thumbprint(x), private: key, public: publicKey };
}

/** https://www.rfc-editor.org/rfc/rfc8037#appendix-A.3 */
function thumbprint(x: string): string {
  const text = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x });
  return createHash('sha256').update(text).digest('base64url');
}
