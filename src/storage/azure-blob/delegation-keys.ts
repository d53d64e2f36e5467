// SPDX-License-Identifier: Apache-2.0
import { renewed } from '../http/renewed.ts';
import { type StoreClient, textOf } from '../http/store-client.ts';
import { type DelegationKey, sasTime } from './azure-sas.ts';
import { textIn } from './azure-xml.ts';

/** Milliseconds: clocks differ. */
const BEGUN = 900_000;
const GOOD_FOR = 6 * 3_600_000;

/**
 * Keys to sign links with, for those who have a token and no key of the account.
 *
 * @param base the path of the account
 */
export function delegationKeys(client: StoreClient, base: string): () => Promise<DelegationKey> {
  return renewed(async () => {
    const expiresAt = Date.now() + GOOD_FOR;
    const times = `<Start>${sasTime(Date.now() - BEGUN)}</Start><Expiry>${sasTime(expiresAt)}</Expiry>`;
    const answer = await client.send({
      key: '',
      method: 'POST',
      path: `${base}/?restype=service&comp=userdelegationkey`,
      body: `<?xml version="1.0" encoding="utf-8"?><KeyInfo>${times}</KeyInfo>`,
    });
    return { value: parseDelegationKey(await textOf(answer, '')), expiresAt };
  });
}

export function parseDelegationKey(text: string): DelegationKey {
  return {
    objectId: textIn(text, 'SignedOid'),
    tenantId: textIn(text, 'SignedTid'),
    start: textIn(text, 'SignedStart'),
    expiry: textIn(text, 'SignedExpiry'),
    service: textIn(text, 'SignedService'),
    version: textIn(text, 'SignedVersion'),
    value: textIn(text, 'Value'),
  };
}
