// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { HiddenPlaces } from '../access.ts';
import type { TokenKey } from './token-key.ts';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;
/** No name is longer, and how long one is would tell something of it. */
const LONGEST_NAME = 255;
/** No name begins so. */
const MARK = '~';

/** Sealed with a key that every replica has because all of them sign tokens with the same. */
export function hiddenPlaces({ private: secret }: TokenKey): HiddenPlaces {
  // Made when it is needed first: most registries hide nothing.
  let made: Buffer | undefined;
  const key = (): Buffer => {
    made ??= Buffer.from(hkdfSync('sha256', derOf(secret), '', 'places in the catalogue', 32));
    return made;
  };
  return {
    placeOf(name) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv(CIPHER, key(), nonce, { authTagLength: TAG });
      const sealed = [cipher.update(name.padEnd(LONGEST_NAME)), cipher.final()];
      return MARK + Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    nameOf(place) {
      if (!place.startsWith(MARK)) return place;
      return opened(Buffer.from(place.slice(1), 'base64url'), key());
    },
  };
}

function derOf(secret: TokenKey['private']): Buffer {
  return secret.export({ type: 'pkcs8', format: 'der' });
}

function opened(sealed: Buffer, key: Buffer): string | undefined {
  try {
    const nonce = sealed.subarray(0, NONCE);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG });
    decipher.setAuthTag(sealed.subarray(-TAG));
    const text = decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8');
    return (text + decipher.final('utf8')).trimEnd();
  } catch {
    return undefined; // nothing that we have made
  }
}
