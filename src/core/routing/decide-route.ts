// SPDX-License-Identifier: Apache-2.0
import type { RequestTarget } from '../oci/request-target.ts';
import { type PlanFacts, planRoute } from './plan-route.ts';
import type {
  Alternative,
  Delivery,
  FetchList,
  Question,
  Refusal,
  RoutePlan,
} from './route-plan.ts';

export type RouteDecision =
  | { readonly kind: 'accept' }
  | { readonly kind: 'endpoints' }
  | Refusal
  | Delivery
  | FetchList
  | {
      /** Ask these at once; the first in order that says yes wins, else `otherwise`. */
      readonly kind: 'probe';
      readonly questions: readonly Question[];
      readonly otherwise: Alternative;
    };

/** What is known about content at its holder. Not being well counts as absent. */
export type Knowledge = 'held' | 'absent' | 'unknown';

export interface HolderFacts {
  readonly knows: (question: Question) => Knowledge;
  /** Whether a backend or upstream may be sent anybody, as far as is known. */
  readonly isWell: (holder: string) => boolean;
}

/** Says where a pull goes, from the request to the answer or to the question that has to be asked first. */
export function decideRoute(target: RequestTarget, facts: PlanFacts & HolderFacts): RouteDecision {
  return decideByPlan(planRoute(target, facts), facts);
}

/** The first candidate that holds it, unless unknown ones stand before it: then those are to be asked. */
export function decideByPlan(plan: RoutePlan, { knows, isWell }: HolderFacts): RouteDecision {
  if (plan.kind !== 'open') return plan;
  const questions: Question[] = [];
  for (const candidate of plan.candidates) {
    const knowledge = knows(candidate);
    if (knowledge === 'held') return afterAsking(questions, candidate.found);
    if (knowledge === 'unknown') questions.push(candidate);
  }
  return afterAsking(questions, wellAlternative(plan.alternatives, isWell));
}

function afterAsking(questions: readonly Question[], otherwise: Alternative): RouteDecision {
  return questions.length === 0 ? otherwise : { kind: 'probe', questions, otherwise };
}

function wellAlternative(
  alternatives: readonly [Alternative, ...Alternative[]],
  isWell: HolderFacts['isWell'],
): Alternative {
  const [first] = alternatives;
  if (alternatives.length === 1) return first;
  return alternatives.find((alternative) => isWell(deliveryOf(alternative).by)) ?? first;
}

/** What is done in the end when nobody can answer for the upstream. */
export function deliveryOf(alternative: Alternative): Delivery {
  return alternative.kind === 'fetch-list' ? alternative.otherwise : alternative;
}
