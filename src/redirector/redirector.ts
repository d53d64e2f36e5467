// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import { recentMap } from '../core/recent-map.ts';
import type { ClientRoutes } from '../core/routing/client-routes.ts';
import { decideByPlan, redirectOf } from '../core/routing/decide-route.ts';
import { planRoute, type RoutePlan } from '../core/routing/plan-route.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { Counter } from '../metrics.ts';
import type { Handler, HttpAnswer } from '../protocol/http.ts';
import type { Admit } from './admission.ts';
import type { Generation } from './generation.ts';
import type { Prober } from './prober.ts';
import { type AnswerRedirect, redirectAnswers } from './redirect-answer.ts';
import type { FetchList } from './upstream-lists.ts';

export interface RedirectorPorts {
  readonly generation: () => Generation;
  /** Refuses who asks too often; undefined when nobody is refused. */
  readonly admit: () => Admit | undefined;
  readonly prober: Prober;
  readonly fetchList: FetchList;
  readonly redirects: Counter;
  readonly clients: Counter;
  /** Milliseconds, from any point in time on. */
  readonly clock: () => number;
}

const ACCEPT: HttpAnswer = {
  status: 200,
  headers: ['Content-Type', 'application/json', 'Docker-Distribution-Api-Version', 'registry/2.0'],
  body: '{}',
};

/**
 * Carries out route decisions. Synchronous whenever nothing has to be asked: a redirect whose answer is
 * known costs no promise.
 */
export function redirector(ports: RedirectorPorts): Handler {
  const { clock, prober } = ports;
  const answersOf = answersByGeneration(ports);
  const planOf = rememberedPlans();
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const generation = ports.generation();
    const client = generation.clientOf(request);
    ports.admit()?.(client);
    const plan = planOf(request.target, generation.routesOf(client), generation.table);
    const decision = decideByPlan(plan, prober);
    const answer = answersOf(generation);
    switch (decision.kind) {
      case 'accept':
        return ACCEPT;
      case 'refuse':
        throw new RegistryError(decision.code, decision.message, { status: decision.status });
      case 'redirect':
        return answer(decision, client);
      case 'probe': {
        const asked = clock();
        return prober.ask(decision.questions).then((held) => {
          const found = held?.found ?? redirectOf(decision.otherwise);
          return answer(found, client, clock() - asked);
        });
      }
      case 'fetch-list': {
        const asked = clock();
        return ports
          .fetchList(decision)
          .then((list) => list ?? answer(decision.otherwise, client, clock() - asked));
      }
    }
  };
}

type PlanOf = (target: string, routes: ClientRoutes, table: RoutingTable) => RoutePlan;

/** Most pulls are of a few images: what is remembered of their paths is most of the work of a decision. */
const REMEMBERED_TARGETS = 512;
const LONGEST_REMEMBERED = 512;
const MOST_ROUTES = 16;

/**
 * Plans routes, and remembers plans by target and routes. Routes are values of one generation, which by
 * that takes its plans along when it goes.
 */
function rememberedPlans(): PlanOf {
  const plans = recentMap<string, Map<ClientRoutes, RoutePlan>>(REMEMBERED_TARGETS);
  return (target, routes, table) => {
    const byRoutes = plans.get(target);
    const known = byRoutes?.get(routes);
    if (known !== undefined) return known;
    const parsed = parseRequestTarget(target);
    if (parsed === undefined) throw targetInvalid();
    const plan = planRoute(parsed, { table, routes });
    if (plan.kind !== 'open' || target.length > LONGEST_REMEMBERED) return plan;
    const kept = byRoutes === undefined || byRoutes.size >= MOST_ROUTES ? new Map() : byRoutes;
    plans.set(target, kept.set(routes, plan));
    return plan;
  };
}

/** The answers of the newest generation; a request that is still under way keeps those of its own. */
function answersByGeneration(ports: RedirectorPorts): (generation: Generation) => AnswerRedirect {
  let newest: Generation | undefined;
  let answers: AnswerRedirect | undefined;
  return (generation) => {
    if (answers === undefined || generation !== newest) {
      newest = generation;
      answers = redirectAnswers({ ...ports, showsRoute: generation.showsRoute });
    }
    return answers;
  };
}

function methodNotAllowed(): RegistryError {
  const message = 'this name only serves pulls: push to the registry behind it';
  return new RegistryError('UNSUPPORTED', message, { headers: ['Allow', 'GET, HEAD'] });
}

function targetInvalid(): RegistryError {
  const message = 'malformed request target: expected a path in visible ASCII';
  return new RegistryError('UNSUPPORTED', message, { status: 400 });
}
