// SPDX-License-Identifier: Apache-2.0
import type { ContentSeen, HopFailure, Outcome } from '../core/doctor/observation.ts';
import { printable } from '../core/doctor/printable.ts';
import { bodyKindOf } from '../core/doctor/refusal-body.ts';
import { parseChallenges } from '../core/oci/challenge.ts';
import { type Hop, isRedirect, nextHop } from '../upstream/redirect-policy.ts';
import type { WireAnswer, WireRequest } from '../upstream/transport.ts';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream-error.ts';
import type { MetHosts } from './met-hosts.ts';
import { looseText, readStart } from './read-start.ts';
import type { DoctorPorts } from './target.ts';

export interface Question extends Pick<WireRequest, 'url' | 'method' | 'headers'> {
  /** Never leaves the origin of `url`. */
  readonly authorization?: string | undefined;
  /** Reads the content of a success. */
  readonly read: (answer: WireAnswer, url: URL) => Promise<ContentSeen>;
}

export type StepPorts = Pick<DoctorPorts, 'transport' | 'now' | 'signal'> & {
  readonly hosts: MetHosts;
};

/** What one hop came to. */
export interface Step {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** Where it leads; else the way ends here. */
  readonly next?: Hop;
  readonly content?: ContentSeen;
  /** The `WWW-Authenticate` of a 401. */
  readonly challenges?: string;
}

/** One request to one host. A failure is an outcome; only being told to stop is an error. */
export async function takeStep(hop: Hop, question: Question, ports: StepPorts): Promise<Step> {
  const refusal = await ports.hosts.meet(hop.url);
  if (refusal !== undefined) {
    return { outcome: { kind: 'failed', failure: refusal }, milliseconds: 0 };
  }
  const start = ports.now();
  let milliseconds: number | undefined;
  try {
    const answer = await ports.transport.send(wireRequest(hop, question, ports.signal));
    milliseconds = ports.now() - start;
    return { milliseconds, ...(await lookAt(answer, hop, question)) };
  } catch (error) {
    return { milliseconds: milliseconds ?? ports.now() - start, outcome: failureOf(error) };
  }
}

function wireRequest(
  { url, isHome }: Hop,
  { method, headers, authorization }: Question,
  signal: AbortSignal | undefined,
): WireRequest {
  const own = isHome && authorization !== undefined ? { authorization } : {};
  return {
    url,
    method,
    // A digest is one of bytes, so no encoding on the way.
    headers: { 'accept-encoding': 'identity', 'user-agent': 'archeion-doctor', ...headers, ...own },
    signal,
  };
}

async function lookAt(
  answer: WireAnswer,
  hop: Hop,
  question: Question,
): Promise<Omit<Step, 'milliseconds'>> {
  const { status } = answer;
  const outcome = { kind: 'answered', status, ...shownHeaders(answer) } as const;
  if (isRedirect(status)) {
    await answer.discard();
    return redirected(outcome, hop, answer.header('location'));
  }
  if (status >= 200 && status < 300) {
    return { outcome, content: await question.read(answer, hop.url) };
  }
  return refused(outcome, answer, question);
}

type Answered = Extract<Outcome, { kind: 'answered' }>;

function redirected(
  outcome: Answered,
  hop: Hop,
  location: string | undefined,
): Omit<Step, 'milliseconds'> {
  try {
    return { outcome, next: nextHop(hop, location) };
  } catch (error) {
    if (error instanceof UpstreamError) {
      return { outcome: { kind: 'failed', failure: 'bad-redirect' } };
    }
    throw error;
  }
}

/** Enough for a title or a code; error pages can be long. */
const START = 4_096;

async function refused(
  outcome: Answered,
  answer: WireAnswer,
  { method }: Question,
): Promise<Omit<Step, 'milliseconds'>> {
  // Read to where it is known, or to its end: a HEAD's has nothing.
  const text = looseText(await readStart(answer, START));
  const body = method === 'HEAD' ? {} : { body: bodyKindOf(text) };
  if (outcome.status !== 401) return { outcome: { ...outcome, ...body } };
  const challenges = answer.header('www-authenticate') ?? '';
  return { outcome: { ...outcome, ...body, challenge: challengeKind(challenges) }, challenges };
}

function challengeKind(header: string): NonNullable<Answered['challenge']> {
  const offered = parseChallenges(header) ?? [];
  if (offered.length === 0) return 'none';
  return offered.some(({ scheme }) => scheme === 'bearer') ? 'bearer' : 'other';
}

const LONGEST_HEADER = 200;

function shownHeaders({ header }: WireAnswer): Pick<Answered, 'route' | 'timing'> {
  const route = header('x-archeion-route');
  const timing = header('server-timing');
  return {
    ...(route !== undefined && { route: printable(route, LONGEST_HEADER) }),
    ...(timing !== undefined && { timing: printable(timing, LONGEST_HEADER) }),
  };
}

const FAILURES: Readonly<Partial<Record<UpstreamErrorCode, HopFailure>>> = {
  unreachable: 'unreachable',
  timeout: 'timeout',
  'too-large': 'too-large',
  'forbidden-host': 'private-host',
};

function failureOf(error: unknown): Outcome {
  if (!(error instanceof UpstreamError) || error.code === 'aborted') throw error;
  const { cause } = error;
  const system = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const failure = FAILURES[error.code] ?? 'bad-answer';
  return { kind: 'failed', failure, ...(system !== undefined && { system }) };
}
