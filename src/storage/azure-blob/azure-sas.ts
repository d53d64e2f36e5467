// SPDX-License-Identifier: Apache-2.0
import { SERVICE_VERSION } from './azure-version.ts';
import { signed } from './shared-key.ts';

/** What Azure AD's users sign with instead of the key of the account: asked for, and good for days. */
export interface DelegationKey {
  readonly objectId: string;
  readonly tenantId: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
  /** In base64. */
  readonly value: string;
}

export type SasKey =
  | { readonly kind: 'account'; readonly value: string }
  | { readonly kind: 'delegation'; readonly key: DelegationKey };

export interface SasRequest {
  readonly account: string;
  readonly container: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The query of a link by which whoever has it may read one blob. */
export function sasQuery(request: SasRequest, key: SasKey): string {
  const { account, container, name, expiresAt } = request;
  const fields = { sp: 'r', se: sasTime(expiresAt), sv: SERVICE_VERSION, sr: 'b' };
  const resource = `/blob/${account}/${container}/${name}`;
  const beginning = [fields.sp, '', fields.se, resource];
  // Snapshot, encryption scope, and five headers of the answer: none of them.
  const end = [fields.sv, fields.sr, ...Array.from({ length: 7 }, () => '')];
  if (key.kind === 'account') {
    // Identifier, addresses, protocol.
    const text = [...beginning, '', '', '', ...end].join('\n');
    return queryOf({ ...fields, sig: signed(key.value, text) });
  }
  const delegation = fieldsOf(key.key);
  // Two more identities and a correlation, then addresses and protocol.
  const text = [...beginning, ...Object.values(delegation), '', '', '', '', '', ...end].join('\n');
  return queryOf({ ...fields, ...delegation, sig: signed(key.key.value, text) });
}

/** In the order in which they are signed. */
function fieldsOf({ objectId, tenantId, start, expiry, service, version }: DelegationKey) {
  return {
    skoid: objectId,
    sktid: tenantId,
    skt: start,
    ske: expiry,
    sks: service,
    skv: version,
  };
}

/** As Azure writes times in links: without fractions of a second. */
export function sasTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function queryOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
