// SPDX-License-Identifier: Apache-2.0
import { type Found, hostProblems } from './host-problems.ts';
import type { Observations, RequestSeen } from './observation.ts';
import { type Owner, PROBLEMS, type Problem, type ProblemEntry } from './problems.ts';
import { type FoundAtHop, requestProblem } from './request-problem.ts';
import { type Role, roleOfHop, roleOfHost } from './roles.ts';

/** One thing that is not well: where, what, whose, and what to do. */
export interface Finding {
  readonly problem: Problem;
  readonly severity: ProblemEntry['severity'];
  readonly host: string;
  readonly role: Role;
  /** The tag or digest that it was found with; absent for what concerns the whole host. */
  readonly reference?: string;
  readonly owner: Owner;
  readonly says: string;
  /** What was seen: a status, a code of the system, digests. */
  readonly detail: string;
  readonly advice: string;
  /** How many more requests to this host have the same. */
  readonly more: number;
}

export interface Diagnosis {
  readonly isWell: boolean;
  /** What fails before what only warns, each in the order of the way of a pull. */
  readonly findings: readonly Finding[];
}

export function diagnose(seen: Observations): Diagnosis {
  const hosts = seen.hosts.flatMap((host) =>
    hostProblems(host).map((found) =>
      finding(found, { host: host.host, role: roleOfHost(host.host, seen) }),
    ),
  );
  const unreachable = hosts.filter(isFailure).map(({ host }) => host);
  const requests = withoutHeads(seen.requests)
    .flatMap((request) => ofRequest(request, seen))
    // That nothing can be asked of it was said of the host itself.
    .filter(({ host, problem }) => !(isOfConnection(problem) && unreachable.includes(host)));
  const all = merged([...hosts, ...requests, ...absentPlatform(seen)]);
  const failures = all.filter(isFailure);
  const warnings = all.filter((one) => !isFailure(one));
  return { isWell: failures.length === 0, findings: [...failures, ...warnings] };
}

function isFailure({ severity }: Finding): boolean {
  return severity === 'fails';
}

function isOfConnection(problem: Problem): boolean {
  return problem === 'connection-lost' || problem === 'timeout' || problem === 'private-host';
}

interface Place {
  readonly host: string;
  readonly role: Role;
  readonly reference?: string;
}

function finding({ problem, detail }: Found, place: Place): Finding {
  return { problem, ...PROBLEMS[problem], detail, more: 0, ...place };
}

function ofRequest(request: RequestSeen, seen: Observations): readonly Finding[] {
  const found = requestProblem(request);
  const host = found === undefined ? undefined : request.hops[found.hop]?.host;
  if (found === undefined || host === undefined) return [];
  const place = { host, role: roleOfHop(request, found.hop, seen) };
  const inFull = { ...found, problem: inContext(found, request, seen) };
  return [
    finding(inFull, request.reference === '' ? place : { ...place, reference: request.reference }),
  ];
}

/** What only the other requests tell: an absence breaks a promise, a HEAD is refused that a GET is granted. */
function inContext(found: FoundAtHop, request: RequestSeen, { requests }: Observations): Problem {
  const { problem } = found;
  if (request.kind === 'blob-head' && fails(found)) return 'head-refused';
  const isFirst = requests.find(({ kind }) => kind === 'manifest') === request;
  return problem === 'manifest-absent' && !isFirst ? 'child-absent' : problem;
}

/** A HEAD fails without saying why: where the GET of the same blob fails too, that says it. */
function withoutHeads(requests: readonly RequestSeen[]): readonly RequestSeen[] {
  const failing = requests
    .filter((one) => one.kind === 'blob-bytes' && fails(requestProblem(one)))
    .map(({ reference }) => reference);
  return requests.filter(
    ({ kind, reference }) => kind !== 'blob-head' || !failing.includes(reference),
  );
}

function fails(found: Found | undefined): boolean {
  return found !== undefined && PROBLEMS[found.problem].severity === 'fails';
}

function absentPlatform({
  home,
  absentPlatform: platform,
  ...seen
}: Observations): readonly Finding[] {
  if (platform === undefined) return [];
  const role = roleOfHost(home, { home, ...seen });
  return [finding({ problem: 'no-platform', detail: platform }, { host: home, role })];
}

/** Forty layers that one host lacks are one finding. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const kept = new Map<string, Finding>();
  for (const one of findings) {
    const key = `${one.problem} ${one.host}`;
    const known = kept.get(key);
    kept.set(key, known === undefined ? one : { ...known, more: known.more + 1 });
  }
  return [...kept.values()];
}
