// SPDX-License-Identifier: Apache-2.0
import type { Diagnosis, Finding } from '../../core/doctor/diagnose.ts';
import type {
  ContentSeen,
  HopSeen,
  Observations,
  RequestSeen,
} from '../../core/doctor/observation.ts';
import { PROBLEMS } from '../../core/doctor/problems.ts';
import { requestProblem } from '../../core/doctor/request-problem.ts';
import { type Role, roleOfHost } from '../../core/doctor/roles.ts';
import { hostLines } from './doctor-host-lines.ts';

export interface Examined {
  readonly seen: Observations;
  readonly diagnosis: Diagnosis;
}

/** One document: the findings, each with `whose` in words, and everything they were made from. */
export function reportJson({ seen, diagnosis }: Examined): string {
  const findings = diagnosis.findings.map((one) => ({ ...one, whose: whoseText(one, seen) }));
  return `${JSON.stringify({ isWell: diagnosis.isWell, findings, ...seen })}\n`;
}

/** For people: what was tried in its order, then what is wrong, whose it is and what to do. */
export function reportText({ seen, diagnosis }: Examined): string {
  const lines = [
    'hosts',
    ...seen.hosts.flatMap(hostLines),
    '',
    ...requestSection(seen.requests),
    ...verdictLines(diagnosis, seen),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function requestSection(requests: readonly RequestSeen[]): readonly string[] {
  return requests.length === 0 ? [] : ['requests', ...requests.flatMap(requestLines), ''];
}

function verdictLines({ isWell, findings }: Diagnosis, seen: Observations): readonly string[] {
  const opening = isWell ? ['all is well: this pull works from here'] : [];
  return [...opening, ...findings.flatMap((one) => findingLines(one, seen))];
}

function findingLines(finding: Finding, seen: Observations): readonly string[] {
  const { severity, host, role, says, detail, reference, more, advice } = finding;
  const seenAs = detail === '' ? '' : ` (${detail})`;
  return [
    `${severity.toUpperCase()}  ${roleText(role)} ${host}: ${says}${seenAs}`,
    ...(reference === undefined
      ? []
      : [`  with    ${reference}${more > 0 ? `, and ${more} more` : ''}`]),
    `  whose   ${whoseText(finding, seen)}`,
    `  do      ${advice}`,
  ];
}

function whoseText({ owner, host, role }: Finding, seen: Observations): string {
  switch (owner) {
    case 'host':
      return `${roleText(role)} ${host}`;
    case 'home':
      return `${roleText(roleOfHost(seen.home, seen))} ${seen.home}`;
    case 'dns':
      return `DNS: the records of ${host}, or the resolver of this machine`;
    case 'network':
      return `the network between here and ${host}`;
    case 'tls':
      return `TLS of ${roleText(role)} ${host}`;
    case 'client':
      return 'the network or provider of this machine';
    case 'image':
      return 'the name of the image, or who publishes it';
  }
}

const ROLES: Readonly<Record<Role['kind'], string>> = {
  registry: 'registry',
  front: 'front',
  mirror: 'mirror',
  upstream: 'upstream',
  backend: 'backend',
  'token-service': 'token service',
};

function roleText({ kind, name }: Role): string {
  return name === undefined ? ROLES[kind] : `${ROLES[kind]} "${name}"`;
}

function requestLines(request: RequestSeen): readonly string[] {
  const found = requestProblem(request);
  const name = `${KINDS[request.kind]} ${shortReference(request.reference)}`.trimEnd();
  return request.hops.map((hop, index) => {
    const mark = found?.hop === index ? PROBLEMS[found.problem].severity : 'ok';
    const label = index === 0 ? name : '  redirected to';
    const content = index === request.hops.length - 1 ? contentText(request.content) : '';
    return `  ${mark.padEnd(6)}${label.padEnd(34)}${hopText(hop)}${content}`;
  });
}

const KINDS: Readonly<Record<RequestSeen['kind'], string>> = {
  ping: 'GET /v2/',
  token: 'anonymous token',
  manifest: 'manifest',
  'blob-head': 'HEAD blob',
  'blob-bytes': 'GET blob',
};

/** Enough of a digest to find it by. */
function shortReference(reference: string): string {
  return reference.replace(/^(sha\d+:[a-f0-9]{12})[a-f0-9]+$/, '$1…');
}

/** What was made sure of, as far as it was read. */
function contentText(content: ContentSeen | undefined): string {
  const { hashed, announced } = content ?? {};
  const size = announced === undefined ? '' : `  ${announced} bytes`;
  return hashed === undefined ? size : `${size}  hashed ${shortReference(hashed)}`;
}

function hopText({ host, milliseconds, outcome }: HopSeen): string {
  const took = `${milliseconds} ms`.padStart(8);
  if (outcome.kind === 'failed') {
    const { failure, system } = outcome;
    return `---${took}  ${host}  ${failure}${system === undefined ? '' : ` (${system})`}`;
  }
  const { status, route, timing } = outcome;
  const said = [route && `route: ${route}`, timing && `timing: ${timing}`].filter(Boolean);
  return [`${status}${took}  ${host}`, ...said].join('  ');
}
