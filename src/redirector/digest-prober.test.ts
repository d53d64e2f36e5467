// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { NO_KNOWLEDGE } from '../core/digest-index/digest-knowledge.ts';
import { digestSet } from '../core/digest-index/digest-set.ts';
import { parseDigest } from '../core/oci/digest.ts';
import type { Question } from '../core/routing/route-plan.ts';
import type { BackendState } from './backend-health.ts';
import { digestProber } from './digest-prober.ts';

const digest = parseDigest(`sha256:${'00'.repeat(32)}`) ?? expect.fail('the digest is one');
function question(holder: string): Question {
  const url = `https://${holder}.example/x`;
  const found = { kind: 'redirect', to: url, by: holder, reason: 'held' } as const;
  return { kind: 'blob', holder, digest, url, found };
}

/** All zeros: the one digest above. */
const HELD = { sets: { sha256: digestSet(1), sha512: digestSet(0) }, validUntil: 100 };
const EMPTY = { sets: { sha256: digestSet(0), sha512: digestSet(0) }, validUntil: 100 };

function open(now: number, states: Readonly<Record<string, BackendState>> = {}) {
  const knowledge = NO_KNOWLEDGE.with('full', HELD).with('empty', EMPTY).with('mine', HELD);
  const stateOf = (name: string) => states[name] ?? 'well';
  const inner = {
    knows: () => 'unknown' as const,
    isWell: (name: string) => stateOf(name) === 'well',
    ask: async () => undefined,
  };
  const health = { stateOf, tryTrial: () => true, probed() {}, canaryAnswered() {} };
  return digestProber(inner, {
    knowledge: () => knowledge,
    health,
    now: () => now,
    owned: new Set(['mine', 'lost']),
    behind: new Map([['cdn', 'full']]),
  });
}

test.each([
  ['full', 50, 'held', 'index'],
  ['empty', 50, 'absent', 'index'],
  ['cdn', 50, 'held', 'index'],
  ['mine', 50, 'held', 'index'],
  ['lost', 50, 'absent', 'ownership'],
  ['other', 50, 'unknown', 'probes'],
  ['full', 100, 'unknown', 'probes'],
  ['cdn', 100, 'unknown', 'probes'],
  ['mine', 100, 'absent', 'ownership'],
])('of a blob at "%s", at %d, it is known that it is %s, by %s', (name, now, knowledge, by) => {
  const prober = open(now);
  expect(prober.knows(question(name))).toBe(knowledge);
  expect(prober.knownBy(question(name))).toBe(by);
});

test.each(['trial', 'tripped', 'ejected', 'drained'] as const)(
  'what the index says of a backend that is %s is left to its health',
  (state) => {
    const prober = open(50, { full: state, mine: state });
    expect(prober.knows(question('full'))).toBe('unknown');
    expect(prober.knownBy(question('full'))).toBe('health');
    expect(prober.isWell('full')).toBe(false);
  },
);

test('threat 17: a backend that is not proven ours is passed over even on trial', () => {
  expect(open(100, { mine: 'trial' }).knows(question('mine'))).toBe('absent');
});
