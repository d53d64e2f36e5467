// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { diagnose } from '../../core/doctor/diagnose.ts';
import type { FamilySeen, HopSeen, Observations, Outcome } from '../../core/doctor/observation.ts';
import { reportText } from './doctor-report.ts';

const HOME = 'images.test';

function textOf(fields: Partial<Observations>): string {
  const seen = { home: HOME, isMirror: false, hosts: [], requests: [], ...fields };
  return reportText({ seen, diagnosis: diagnose(seen) });
}

function manifestText(...outcomes: readonly Outcome[]): string {
  const hops = outcomes.map((outcome, index): HopSeen => {
    const host = index === 0 ? HOME : 'upstream.test';
    return { url: `https://${host}/`, host, milliseconds: 3, outcome };
  });
  return textOf({ requests: [{ kind: 'manifest', reference: 'v1', hops, hadToken: false }] });
}

const V4 = { family: 'ipv4', address: '192.0.2.1' } as const;
const certificate = { subject: HOME, issuer: 'R1', expires: 'Jan 1', daysLeft: -2 };

test.each<[FamilySeen, string, string]>([
  [
    { family: 'ipv6', kind: 'dns-failed', system: 'EAI_AGAIN' },
    'IPv6  cannot be looked up (EAI_AGAIN)',
    'DNS: the records of images.test, or the resolver of this machine',
  ],
  [
    { ...V4, kind: 'connect-failed', system: 'ETIMEDOUT' },
    'IPv4  192.0.2.1  no connection (ETIMEDOUT)',
    'the network between here and images.test',
  ],
  [
    { ...V4, kind: 'tls-failed', system: 'CERT_HAS_EXPIRED', certificate },
    'certificate of images.test by R1 until Jan 1 (-2 days)',
    'TLS of registry images.test',
  ],
  [{ ...V4, kind: 'private' }, 'is private: nothing was sent there', 'registry images.test'],
])('a host that fails is shown with what was seen, and whose it is (%#)', (family, line, whose) => {
  const text = textOf({ hosts: [{ host: HOME, families: [family] }] });
  expect(text).toContain(line);
  expect(text).toContain(`whose   ${whose}\n`);
});

test.each<[readonly Outcome[], string, string]>([
  [
    [{ kind: 'answered', status: 404 }],
    'fails manifest v1',
    'the name of the image, or who publishes it',
  ],
  [
    [{ kind: 'failed', failure: 'unreachable', system: 'ECONNRESET' }],
    '---    3 ms  images.test  unreachable (ECONNRESET)',
    'the network between here and images.test',
  ],
  [
    [{ kind: 'failed', failure: 'redirect-loop' }],
    'images.test  redirect-loop\n',
    'registry images.test',
  ],
  [
    [
      { kind: 'answered', status: 307 },
      { kind: 'answered', status: 401, challenge: 'bearer' },
    ],
    'fails   redirected to',
    'front images.test',
  ],
])('a request that fails is marked at its hop (%#)', (outcomes, line, whose) => {
  const text = manifestText(...outcomes);
  expect(text).toContain(line);
  expect(text).toContain(`whose   ${whose}\n`);
});
