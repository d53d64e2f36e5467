// SPDX-License-Identifier: Apache-2.0
import type { FamilySeen, HostSeen } from './observation.ts';
import type { Problem } from './problems.ts';

/** A problem with what was seen of it. */
export interface Found {
  readonly problem: Problem;
  readonly detail: string;
}

type Failed = Exclude<FamilySeen, { kind: 'connected' } | { kind: 'no-address' }>;

/** Days: shorter than what renewal by machine leaves, long enough to act. */
const SOON = 7;
/** This machine has no such addresses itself: no news about the host. */
const NO_FAMILY_HERE = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

export function hostProblems({ families }: HostSeen): readonly Found[] {
  const failed = families.filter((one) => one.kind !== 'connected' && one.kind !== 'no-address');
  if (families.some(({ kind }) => kind === 'connected')) {
    // Both families show the same certificate: once is enough.
    return [...failed.flatMap(familyFailure), ...families.flatMap(expiry).slice(0, 1)];
  }
  const [first] = [...failed].sort((a, b) => weight(a) - weight(b));
  return first === undefined ? [{ problem: 'no-such-host', detail: '' }] : [hostFailure(first)];
}

/** What says most about the host comes first: a family that this machine does not have says nothing. */
function weight(failed: Failed): number {
  if (failed.kind === 'connect-failed') return NO_FAMILY_HERE.includes(failed.system) ? 2 : 1;
  return failed.kind === 'dns-failed' ? 1 : 0;
}

function familyFailure(failed: Failed): readonly Found[] {
  if (failed.kind === 'connect-failed' && NO_FAMILY_HERE.includes(failed.system)) return [];
  const { detail } = hostFailure(failed);
  return [{ problem: 'family-fails', detail: `not over ${nameOf(failed)}: ${detail}` }];
}

function nameOf({ family }: FamilySeen): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function hostFailure(failed: Failed): Found {
  switch (failed.kind) {
    case 'dns-failed':
      return { problem: 'dns-failed', detail: failed.system };
    case 'private':
      return { problem: 'private-host', detail: failed.address };
    case 'connect-failed':
      return {
        problem: connectProblem(failed.system),
        detail: `${failed.system} at ${failed.address}`,
      };
    case 'tls-failed': {
      const issuer =
        failed.certificate === undefined ? '' : `, issued by ${failed.certificate.issuer}`;
      return { problem: tlsProblem(failed.system), detail: `${failed.system}${issuer}` };
    }
  }
}

function connectProblem(system: string): Problem {
  if (system === 'ECONNREFUSED') return 'refused';
  if (system === 'ETIMEDOUT') return 'connect-timeout';
  return [...NO_FAMILY_HERE, 'EHOSTUNREACH'].includes(system) ? 'no-route' : 'connection-lost';
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS_PROBLEMS: Readonly<Record<string, Problem>> = {
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
};

function tlsProblem(system: string): Problem {
  return TLS_PROBLEMS[system] ?? 'tls-failed';
}

function expiry(family: FamilySeen): readonly Found[] {
  const certificate = family.kind === 'connected' ? family.certificate : undefined;
  if (certificate === undefined || certificate.daysLeft > SOON) return [];
  return [{ problem: 'tls-expires', detail: `in ${certificate.daysLeft} days` }];
}
