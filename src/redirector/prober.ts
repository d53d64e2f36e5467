// SPDX-License-Identifier: Apache-2.0
import type { Knowledge } from '../core/routing/decide-route.ts';
import type { Question } from '../core/routing/route-plan.ts';
import type { Counter } from '../metrics.ts';
import type { BackendHealth } from './backend-health.ts';
import type { ExistenceCache, ProbeOutcome } from './existence-cache.ts';

/** What a HEAD request came back with; `length` in bytes, when the answer says. */
export interface HeadAnswer {
  readonly status: number;
  readonly length: number | undefined;
}

export interface ProberPorts {
  /** Rejects when the backend cannot be reached or does not answer in its time. Follows no redirect. */
  readonly head: (url: string, kind: Question['kind']) => Promise<HeadAnswer>;
  readonly cache: ExistenceCache;
  readonly health: BackendHealth;
  /** Resolves after that many milliseconds; `cancel` when nobody waits any more. */
  readonly sleep: (milliseconds: number) => { readonly over: Promise<void>; cancel(): void };
  /** By backend or upstream, and outcome. */
  readonly outcomes: Counter;
}

export interface ProberLimits {
  /** Milliseconds one request may wait for all its probes. */
  readonly deadline: number;
  /** Probes under way at once to one backend. */
  readonly maxConcurrent: number;
}

export interface Prober {
  /** Known at once, without asking. What is held past its lifetime is used, and asked again behind the request. */
  readonly knows: (question: Question) => Knowledge;
  readonly isWell: (holder: string) => boolean;
  /** Asks all at once; the first in order that says yes, within the deadline. */
  readonly ask: (questions: readonly Question[]) => Promise<Question | undefined>;
}

/** However many clients wait for the same answer, a backend is asked once. */
export function prober(ports: ProberPorts, limits: ProberLimits): Prober {
  const { cache, health } = ports;
  const underWay = new Map<string, Promise<ProbeOutcome>>();
  const counts = new Map<string, number>();

  function probe(question: Question): Promise<ProbeOutcome> {
    const { url, holder } = question;
    const running = underWay.get(url);
    if (running !== undefined) return running;
    const count = counts.get(holder) ?? 0;
    const isTrial = health.stateOf(holder) === 'trial';
    if (count >= limits.maxConcurrent || (isTrial && !health.tryTrial(holder))) {
      ports.outcomes.cell(holder, 'skipped').value += 1;
      return Promise.resolve('not-now');
    }
    counts.set(holder, count + 1);
    const outcome = outcomeOf(question, ports.head).then((result) => {
      underWay.delete(url);
      counts.set(holder, (counts.get(holder) ?? 1) - 1);
      cache.learn(url, result);
      health.probed(holder, result === 'not-now' ? 'failure' : 'success');
      ports.outcomes.cell(holder, result).value += 1;
      return result;
    });
    underWay.set(url, outcome);
    return outcome;
  }

  return {
    isWell: (holder) => health.stateOf(holder) === 'well',
    knows(question) {
      const state = health.stateOf(question.holder);
      // On trial even what is remembered is asked for: the question is whether the backend answers.
      if (state !== 'well') return state === 'trial' ? 'unknown' : 'absent';
      const found = cache.look(question.url);
      if (found !== 'stale') return found;
      void probe(question); // never rejects
      return 'held';
    },
    async ask(questions) {
      const deadline = ports.sleep(limits.deadline);
      const tooLate = deadline.over.then(() => 'not-now' as const);
      const answers = questions.map((question) => Promise.race([probe(question), tooLate]));
      try {
        for (const [index, answer] of answers.entries()) {
          if ((await answer) === 'held') return questions[index];
        }
        return undefined;
      } finally {
        deadline.cancel();
      }
    },
  };
}

/** Never rejects: whatever goes wrong with a probe means "not now". */
async function outcomeOf(question: Question, head: ProberPorts['head']): Promise<ProbeOutcome> {
  try {
    const { status, length } = await head(question.url, question.kind);
    if (status === 404 || status === 410) return 'absent';
    return status === 200 && isPlausible(length, question) ? 'held' : 'not-now';
  } catch {
    return 'not-now'; // unreachable, too slow, no HTTP: which one makes no difference to the client
  }
}

/** Of no bytes at all there is one blob for each algorithm; any other empty one is a cut-off or a placeholder. */
function isPlausible(length: number | undefined, { digest }: Question): boolean {
  return length !== 0 || EMPTY.some((empty) => empty === digest);
}

const EMPTY = [
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce' +
    '47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
];
