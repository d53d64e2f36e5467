// SPDX-License-Identifier: Apache-2.0
import type { FamilySeen, HostSeen } from '../../core/doctor/observation.ts';

/** One line for each address family of a host. */
export function hostLines({ host, families }: HostSeen): readonly string[] {
  return families.map((family, index) => {
    const mark = markOf(family).padEnd(6);
    const label = (index === 0 ? host : '').padEnd(34);
    return `  ${mark}${label}${family.family === 'ipv4' ? 'IPv4' : 'IPv6'}  ${familyText(family)}`;
  });
}

/** That a family has no address is neither well nor a failure by itself. */
function markOf({ kind }: FamilySeen): string {
  if (kind === 'no-address') return '-';
  return kind === 'connected' ? 'ok' : 'fails';
}

function familyText(family: FamilySeen): string {
  switch (family.kind) {
    case 'no-address':
      return 'no address';
    case 'dns-failed':
      return `cannot be looked up (${family.system})`;
    case 'private':
      return `${family.address} is private: nothing was sent there`;
    case 'connect-failed':
      return `${family.address}  no connection (${family.system})`;
    case 'tls-failed':
      return `${family.address}  no TLS (${family.system})${certificateText(family)}`;
    case 'connected':
      return `${family.address}  ${family.milliseconds} ms${certificateText(family)}`;
  }
}

function certificateText({
  certificate,
}: Pick<FamilySeen & { kind: 'connected' }, 'certificate'>): string {
  if (certificate === undefined) return '';
  const { subject, issuer, expires, daysLeft } = certificate;
  return `  certificate of ${subject} by ${issuer} until ${expires} (${daysLeft} days)`;
}
