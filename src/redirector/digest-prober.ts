// SPDX-License-Identifier: Apache-2.0
import type { DigestKnowledge } from '../core/digest-index/digest-knowledge.ts';
import type { Question } from '../core/routing/route-plan.ts';
import type { BackendHealth } from './backend-health.ts';
import type { Prober } from './prober.ts';

/** Who says what is known of a blob at a backend. */
export type KnownBy = 'health' | 'ownership' | 'index' | 'probes';

export interface DigestProberPorts {
  readonly knowledge: () => DigestKnowledge;
  readonly health: BackendHealth;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Backends that have to prove with a signed index that they are ours. */
  readonly owned: ReadonlySet<string>;
  /** Backends that hold what another one's index says: a CDN in front of a store. */
  readonly behind: ReadonlyMap<string, string>;
}

/** Asks the indexes before it asks backends; a digest index is believed both ways, so that it saves every probe. */
export interface DigestProber extends Prober {
  readonly knownBy: (question: Question) => KnownBy;
}

export function digestProber(prober: Prober, ports: DigestProberPorts): DigestProber {
  const { knowledge, health, now, owned, behind } = ports;
  const isOurs = (name: string) => !owned.has(name) || knowledge().isValid(name, now());
  const indexSays = ({ holder, digest }: Question) =>
    knowledge().knows(behind.get(holder) ?? holder, digest, now());
  return {
    ask: prober.ask,
    isWell: prober.isWell,
    knows(question) {
      // Somebody else may have taken over its name by now, and would answer probes gladly.
      if (!isOurs(question.holder)) return 'absent';
      // What a backend that is down holds is of no use; on trial it has to answer, whatever its index says.
      if (health.stateOf(question.holder) !== 'well') return prober.knows(question);
      return indexSays(question) ?? prober.knows(question);
    },
    knownBy(question) {
      if (!isOurs(question.holder)) return 'ownership';
      if (health.stateOf(question.holder) !== 'well') return 'health';
      return indexSays(question) === undefined ? 'probes' : 'index';
    },
  };
}
