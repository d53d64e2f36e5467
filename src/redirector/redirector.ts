// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import type { Client } from '../core/routing/client-routes.ts';
import { decideRoute, type Redirect, redirectToBackend } from '../core/routing/decide-route.ts';
import type { Counter } from '../metrics.ts';
import type { Handler, HttpAnswer } from '../protocol/http.ts';
import type { Generation } from './generation.ts';
import type { Prober } from './prober.ts';
import type { FetchList } from './upstream-lists.ts';

export interface RedirectorPorts {
  readonly generation: () => Generation;
  readonly prober: Prober;
  readonly fetchList: FetchList;
  /** Redirects by the name they lead to and the reason. */
  readonly redirects: Counter;
  /** Clients by cloud and region; `unreadable` and `unknown` are clouds of their own. */
  readonly clients: Counter;
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
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const target = parseRequestTarget(request.target);
    if (target === undefined) throw targetInvalid();
    const { table, clientOf, routesOf } = ports.generation();
    const client = clientOf(request);
    const decision = decideRoute(target, {
      table,
      routes: routesOf(client),
      knows: ports.prober.knows,
    });
    switch (decision.kind) {
      case 'accept':
        return ACCEPT;
      case 'refuse':
        throw new RegistryError(decision.code, decision.message, { status: decision.status });
      case 'redirect':
        return redirect(decision, client, ports);
      case 'probe':
        return ports.prober.ask(decision.questions).then((held) => {
          const found = held === undefined ? decision.otherwise : redirectToBackend(held);
          return redirect(found, client, ports);
        });
      case 'fetch-list':
        return ports
          .fetchList(decision)
          .then((answer) => answer ?? redirect(decision.otherwise, client, ports));
    }
  };
}

function redirect(
  { to, by, reason }: Redirect,
  client: Client,
  ports: RedirectorPorts,
): HttpAnswer {
  const cloud = client.location?.cloud ?? (client.address === undefined ? 'unreadable' : 'unknown');
  const region = client.location?.region ?? '';
  ports.redirects.cell(by, reason).value += 1;
  ports.clients.cell(cloud, region).value += 1;
  return { status: 307, headers: ['Location', to], facts: { by, reason, cloud, region } };
}

function methodNotAllowed(): RegistryError {
  const message = 'this name only serves pulls: push to the registry behind it';
  return new RegistryError('UNSUPPORTED', message, { headers: ['Allow', 'GET, HEAD'] });
}

function targetInvalid(): RegistryError {
  const message = 'malformed request target: expected a path in visible ASCII';
  return new RegistryError('UNSUPPORTED', message, { status: 400 });
}
