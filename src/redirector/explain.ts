// SPDX-License-Identifier: Apache-2.0
import { formatAddress, parseAddress } from '../core/net/address.ts';
import type { CloudRegion } from '../core/net/cloud-region.ts';
import { formatPrefix, prefixContains } from '../core/net/prefix.ts';
import { parseRegistryRoute, type RegistryRoute } from '../core/oci/registry-route.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import type { Client } from '../core/routing/client-routes.ts';
import { decideRoute, deliveryOf, type RouteDecision } from '../core/routing/decide-route.ts';
import type { Delivery, Question } from '../core/routing/route-plan.ts';
import type { BackendHealth, BackendState } from './backend-health.ts';
import type { DigestProber, KnownBy } from './digest-prober.ts';
import type { Generation, RangeSource } from './generation.ts';
import type { Prober } from './prober.ts';

/** Why a request goes where it goes. A JSON value. */
export interface Explanation {
  readonly target: string;
  readonly route: RegistryRoute | { readonly kind: 'malformed' };
  readonly client: ExplainedClient;
  /** The place of the rule that matched in `routing`, counted from 0. */
  readonly rule: number | undefined;
  /** Every backend (for a manifest, every upstream) in order, and what was known of it before anybody was asked. */
  readonly candidates: readonly ExplainedCandidate[];
  /** Those that had to be asked, and the one that said yes. */
  readonly asked: { readonly holders: readonly string[]; readonly held: string | undefined };
  readonly answer: ExplainedAnswer;
}

interface ExplainedClient {
  readonly address: string | undefined;
  readonly location: CloudRegion | undefined;
  /** The prefix that says so, and the feed it is in. */
  readonly prefix: string | undefined;
  readonly feed: string | undefined;
}

interface ExplainedCandidate {
  readonly holder: string;
  readonly url: string;
  readonly state: BackendState;
  readonly knowledge: 'held' | 'absent' | 'unknown';
  /** Who says so. */
  readonly knownBy: KnownBy;
}

interface ExplainedAnswer {
  readonly status: number;
  readonly location?: string;
  /** Where the front fetches it for the client, who gets no `location`. */
  readonly from?: string;
  readonly by?: string;
  readonly reason?: string;
}

export interface ExplainPorts {
  readonly generation: Generation;
  readonly prober: DigestProber;
  readonly health: BackendHealth;
}

/** Decides by the very functions that serve, and asks backends where a request would. */
export async function explain(
  target: string,
  address: string,
  ports: ExplainPorts,
): Promise<Explanation> {
  const { generation, prober, health } = ports;
  const parsed = parseRequestTarget(target);
  const client = generation.clientAt(parseAddress(address));
  const routes = generation.routesOf(client);
  const about = { target, client: explainClient(client, generation.sources), rule: routes.rule };
  const nobody = { holders: [], held: undefined };
  if (parsed === undefined) {
    const answer = { status: 400 };
    return { ...about, route: { kind: 'malformed' }, candidates: [], asked: nobody, answer };
  }
  const candidates: ExplainedCandidate[] = [];
  const knows = (question: Question) => {
    const knowledge = prober.knows(question);
    const { holder, url } = question;
    const [state, knownBy] = [health.stateOf(holder), prober.knownBy(question)];
    candidates.push({ holder, url, state, knowledge, knownBy });
    return knowledge;
  };
  const decision = decideRoute(parsed, {
    table: generation.table,
    routes,
    knows,
    isWell: prober.isWell,
  });
  const { asked, delivery } = await settle(decision, prober);
  const route = parseRegistryRoute(parsed.path);
  return { ...about, route, candidates, asked, answer: answerOf(decision, delivery) };
}

function explainClient({ address, location }: Client, sources: readonly RangeSource[]) {
  const text = address === undefined ? undefined : formatAddress(address);
  const matching = sources.flatMap(({ feed, entries }) =>
    entries
      .filter(({ prefix }) => address !== undefined && prefixContains(prefix, address))
      .map(({ prefix }) => ({ feed, prefix })),
  );
  // The sort keeps the order of equals, as the table does: what is given first wins.
  const [longest] = matching.sort((a, b) => b.prefix.length - a.prefix.length);
  const prefix = longest && formatPrefix(longest.prefix);
  return { address: text, location, prefix, feed: longest?.feed };
}

async function settle(decision: RouteDecision, prober: Prober) {
  const nobody = { holders: [], held: undefined };
  switch (decision.kind) {
    case 'redirect':
    case 'proxy':
      return { asked: nobody, delivery: decision };
    case 'fetch-list':
      return { asked: nobody, delivery: decision.otherwise };
    case 'probe': {
      const held = await prober.ask(decision.questions);
      const holders = decision.questions.map(({ holder }) => holder);
      const delivery = held?.found ?? deliveryOf(decision.otherwise);
      return { asked: { holders, held: held?.holder }, delivery };
    }
    case 'accept':
    case 'endpoints':
    case 'refuse':
      return { asked: nobody, delivery: undefined };
  }
}

function answerOf(decision: RouteDecision, delivery: Delivery | undefined): ExplainedAnswer {
  if (decision.kind === 'refuse') return { status: decision.status, reason: decision.message };
  if (delivery === undefined) return { status: 200 };
  const { by, reason } = delivery;
  if (delivery.kind === 'proxy') return { status: 200, from: delivery.from, by, reason };
  // A list is answered by the front itself, unless in doubt.
  const status = decision.kind === 'fetch-list' ? 200 : 307;
  return { status, location: delivery.to, by, reason };
}
