// SPDX-License-Identifier: Apache-2.0
import { contentProblem } from './content-problem.ts';
import type { Found } from './host-problems.ts';
import type { HopFailure, HopSeen, Outcome, RequestSeen } from './observation.ts';
import type { Problem } from './problems.ts';
import type { BodyKind } from './refusal-body.ts';

/** A problem, and the hop of the request that has it. */
export interface FoundAtHop extends Found {
  readonly hop: number;
}

/** Milliseconds. Clients give up after ten times that, people before. */
const SLOW = 5_000;

/** What makes a request fail, or might; undefined when it is well. */
export function requestProblem(request: RequestSeen): FoundAtHop | undefined {
  const hop = request.hops.length - 1;
  const last = request.hops[hop];
  const found = last === undefined ? undefined : problemAt(last.outcome, request);
  return found === undefined ? slowHop(request.hops) : { ...found, hop };
}

function slowHop(hops: readonly HopSeen[]): FoundAtHop | undefined {
  const hop = hops.findIndex(({ milliseconds }) => milliseconds > SLOW);
  const slow = hops[hop];
  if (slow === undefined) return undefined;
  return { problem: 'slow', detail: `${(slow.milliseconds / 1_000).toFixed(1)} s`, hop };
}

const FAILURES: Readonly<Record<HopFailure, Problem>> = {
  unreachable: 'connection-lost',
  timeout: 'timeout',
  'bad-answer': 'bad-answer',
  'too-large': 'bad-answer',
  'private-host': 'private-host',
  'bad-redirect': 'bad-redirect',
  'redirect-loop': 'redirect-loop',
};

function problemAt(outcome: Outcome, request: RequestSeen): Found | undefined {
  if (outcome.kind === 'failed') {
    return { problem: FAILURES[outcome.failure], detail: outcome.system ?? '' };
  }
  const { status, body } = outcome;
  if (status >= 200 && status < 300) {
    return request.content === undefined ? undefined : contentProblem(request.content);
  }
  const problem = statusProblem(outcome, request);
  return problem === undefined ? undefined : { problem, detail: detailOf(status, body) };
}

function detailOf(status: number, body: BodyKind | undefined): string {
  switch (body?.kind) {
    case 'html':
      return `${status}, ${body.title === undefined ? 'a page of HTML' : `a page titled "${body.title}"`}`;
    case 'xml':
      return `${status}${body.code === undefined ? ', XML' : `, ${body.code}`}`;
    case 'oci-error':
      return [status, ...body.codes].join(', ');
    default:
      return String(status);
  }
}

type Answered = Extract<Outcome, { kind: 'answered' }>;

function statusProblem(answered: Answered, request: RequestSeen): Problem | undefined {
  const { status, body } = answered;
  // A proxy on the way wants a login: 407 of RFC 9110, 511 of RFC 6585.
  if (status === 407 || status === 511) return 'intercepted';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'server-error';
  if (request.kind === 'token') return 'token-refused';
  if (status === 401) return challengeProblem(answered, request);
  if (status === 403 || status === 451) return refusalProblem(body);
  return status === 404 || status === 410 ? absence(request) : 'unexpected-status';
}

/** A 401 to a ping is the way in: what counts is whether the challenge can be met without credentials. */
function challengeProblem({ challenge }: Answered, request: RequestSeen): Problem | undefined {
  if (request.hops.length > 1) return 'token-behind-redirect';
  if (challenge === 'none') return 'no-challenge';
  const isPing = request.kind === 'ping';
  return isPing && challenge === 'bearer' ? undefined : 'login-needed';
}

function refusalProblem(body: BodyKind | undefined): Problem {
  if (body?.kind === 'html') return 'blocked';
  return body?.kind === 'xml' ? 'bucket-denied' : 'denied';
}

function absence({ kind }: RequestSeen): Problem {
  if (kind === 'ping') return 'no-api';
  return kind === 'manifest' ? 'manifest-absent' : 'blob-absent';
}
