// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';
import { UpstreamError } from './upstream-error.ts';

/**
 * Connects to public addresses only: for hosts learnt from the wire. What the name resolved to is
 * what is checked and what is connected to, so a name that changes its mind in between gains nothing.
 */
export function guardedConnector(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) => {
    // For a literal address no name is looked up, so the guard below would never be asked.
    if (isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)) {
      const refusal = forbiddenAddress(target.hostname, target.hostname);
      queueMicrotask(() => callback(refusal, null));
      return;
    }
    connect(target, callback);
  };
}

/** A lookup that fails when any of the addresses is not public: such a name is not to be trusted with the rest. */
export function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const found = typeof address === 'string' ? [address] : (address ?? []).map(addressOf);
      const forbidden = error === null ? found.find((text) => !isPublicAddress(text)) : undefined;
      if (forbidden === undefined) callback(error, address, family);
      else callback(forbiddenAddress(hostname, forbidden), [], 0);
    });
  };
}

function addressOf({ address }: LookupAddress): string {
  return address;
}

function forbiddenAddress(host: string, address: string): UpstreamError {
  return new UpstreamError(
    'forbidden-host',
    `refused to connect to "${host}", which the upstream led to: ${address} is no public address; ` +
      'allow the host in the configuration if it is meant',
  );
}
