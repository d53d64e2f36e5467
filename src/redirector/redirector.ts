// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import { decideRoute, redirectTo } from '../core/routing/decide-route.ts';
import type { Counter } from '../metrics.ts';
import type { Handler, HttpAnswer } from '../protocol/http.ts';
import type { Generation } from './generation.ts';
import type { Prober } from './prober.ts';
import { type AnswerRedirect, redirectAnswers } from './redirect-answer.ts';
import type { FetchList } from './upstream-lists.ts';

export interface RedirectorPorts {
  readonly generation: () => Generation;
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
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const target = parseRequestTarget(request.target);
    if (target === undefined) throw targetInvalid();
    const generation = ports.generation();
    const client = generation.clientOf(request);
    const answer = answersOf(generation);
    const decision = decideRoute(target, {
      table: generation.table,
      routes: generation.routesOf(client),
      knows: prober.knows,
      isWell: prober.isWell,
    });
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
          const found = held === undefined ? decision.otherwise : redirectTo(held);
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
