// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import { recentMap } from '../core/recent-map.ts';
import type { ClientRoutes } from '../core/routing/client-routes.ts';
import { decideByPlan, deliveryOf } from '../core/routing/decide-route.ts';
import { endpointsOf } from '../core/routing/endpoints.ts';
import { planRoute } from '../core/routing/plan-route.ts';
import type { Refusal, RoutePlan } from '../core/routing/route-plan.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { Handler, HttpAnswer } from '../protocol/http.ts';
import type { Admit } from './admission.ts';
import { type Deliver, type DeliverPorts, delivering } from './deliver.ts';
import type { Generation } from './generation.ts';
import type { Prober } from './prober.ts';
import type { FetchList } from './upstream-lists.ts';

export interface RedirectorPorts extends DeliverPorts {
  readonly generation: () => Generation;
  /** Refuses who asks too often; undefined when nobody is refused. */
  readonly admit: () => Admit | undefined;
  readonly prober: Prober;
  readonly fetchList: FetchList;
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
  const deliverOf = deliveriesByGeneration(ports);
  const planOf = rememberedPlans();
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const generation = ports.generation();
    const client = generation.clientOf(request);
    ports.admit()?.(client);
    const plan = planOf(request.target, generation.routesOf(client), generation.table);
    const decision = decideByPlan(plan, prober);
    const deliver = deliverOf(generation);
    switch (decision.kind) {
      case 'accept':
        return ACCEPT;
      case 'endpoints':
        return endpointsAnswer(generation.table);
      case 'refuse':
        throw refused(decision);
      case 'redirect':
      case 'proxy':
        return deliver(decision, { request, client });
      case 'probe': {
        const asked = clock();
        return prober.ask(decision.questions).then((held) => {
          const found = held?.found ?? deliveryOf(decision.otherwise);
          return deliver(found, { request, client, waited: clock() - asked });
        });
      }
      case 'fetch-list': {
        const asked = clock();
        return ports
          .fetchList(decision)
          .then(
            (list) =>
              list ?? deliver(decision.otherwise, { request, client, waited: clock() - asked }),
          );
      }
    }
  };
}

function endpointsAnswer(table: RoutingTable): HttpAnswer {
  return {
    status: 200,
    headers: ['Content-Type', 'application/json', 'Cache-Control', 'public, max-age=300'],
    body: `${JSON.stringify({ version: 1, endpoints: endpointsOf(table) }, undefined, 2)}\n`,
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

/** The deliveries of the newest generation; a request that is still under way keeps those of its own. */
function deliveriesByGeneration(ports: RedirectorPorts): (generation: Generation) => Deliver {
  let newest: Generation | undefined;
  let deliver: Deliver | undefined;
  return (generation) => {
    if (deliver === undefined || generation !== newest) {
      newest = generation;
      deliver = delivering(ports, generation.showsRoute);
    }
    return deliver;
  };
}

function refused({ code, message, status, help }: Refusal): RegistryError {
  const headers = help === undefined ? [] : ['Link', `<${help}>; rel="help"`];
  return new RegistryError(code, message, { status, headers });
}

function methodNotAllowed(): RegistryError {
  const message = 'this name only serves pulls: push to the registry behind it';
  return new RegistryError('UNSUPPORTED', message, { headers: ['Allow', 'GET, HEAD'] });
}

function targetInvalid(): RegistryError {
  const message = 'malformed request target: expected a path in visible ASCII';
  return new RegistryError('UNSUPPORTED', message, { status: 400 });
}
