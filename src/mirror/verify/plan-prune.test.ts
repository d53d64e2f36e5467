// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import type { Withheld } from '../withheld.ts';
import { type PruneFacts, planPrune } from './plan-prune.ts';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const A = parseDigest(`sha256:${'a'.repeat(64)}`) ?? expect.fail('it is one');
const B = parseDigest(`sha256:${'b'.repeat(64)}`) ?? expect.fail('it is one');
const seen = (digest: Digest, version = 'v') => ({ digest, size: 1, version });

function plan(withheld: Withheld | undefined, fields: Partial<PruneFacts> = {}) {
  const { withdraw, due, waiting } = planPrune({
    withheld: new Map(withheld === undefined ? [] : [[A, withheld]]),
    unreferenced: [seen(A)],
    isNeeded: () => false,
    now: NOW,
    grace: 10 * HOUR,
    most: 10,
    ...fields,
  });
  return [withdraw.length, due.length, waiting];
}

const WITHDRAWN = { kind: 'unwanted', at: 0, version: 'v', until: HOUR } as const;
const DELETING = { kind: 'deleting', at: 0, version: 'v' } as const;

test.each<[string, Withheld | undefined, Partial<PruneFacts>, readonly number[]]>([
  ['found for the first time is withdrawn', undefined, {}, [1, 0, 0]],
  ['withdrawn for long enough is due', WITHDRAWN, {}, [0, 1, 0]],
  ['withdrawn for less waits', { ...WITHDRAWN, at: NOW - 9 * HOUR }, {}, [0, 0, 1]],
  ['still claimed by some index waits', { ...WITHDRAWN, until: NOW }, {}, [0, 0, 1]],
  ['of a front whose clock is slow waits', { ...WITHDRAWN, until: NOW - 300_000 }, {}, [0, 0, 1]],
  ['withdrawn without an index waits', { kind: 'unwanted', at: 0, version: 'v' }, {}, [0, 0, 1]],
  ['written anew since is withdrawn again', { ...WITHDRAWN, version: 'u' }, {}, [1, 0, 0]],
  ['gone by itself is due, to be noted as gone', WITHDRAWN, { unreferenced: [] }, [0, 1, 0]],
  [
    'wanted again is left to the next index',
    WITHDRAWN,
    { isNeeded: () => true, unreferenced: [] },
    [0, 0, 0],
  ],
  ['being deleted is left alone', { ...DELETING, at: NOW - HOUR }, {}, [0, 0, 1]],
  ['of a deleter that has died is due', DELETING, {}, [0, 1, 0]],
  ['deleted, and put there again, is withdrawn', { kind: 'deleted', at: 0 }, {}, [1, 0, 0]],
  ['deleted and gone is nothing', { kind: 'deleted', at: 0 }, { unreferenced: [] }, [0, 0, 0]],
  ['corrupt is withdrawn', { kind: 'corrupt', at: 0, version: 'v' }, {}, [1, 0, 0]],
])('what is %s', (_, withheld, fields, expected) => {
  expect(plan(withheld, fields)).toEqual(expected);
});

test('no more is withheld at a time than fits into the note', () => {
  const unreferenced = [seen(A), seen(B)];
  expect(plan(undefined, { unreferenced, most: 1 })).toEqual([1, 0, 0]);
  expect(plan({ kind: 'deleted', at: 0 }, { unreferenced: [seen(B)], most: 1 })).toEqual([0, 0, 0]);
});
