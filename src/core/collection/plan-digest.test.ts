// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Holding, type Marker, planDigest, type Rules } from './plan-digest.ts';

const NOTHING = { manifests: [], links: [], bytes: false };
const OLD = { size: 3, writtenAt: 0 };

function plan(
  holding: Partial<Holding>,
  needed: readonly string[] = [],
  rules: Partial<Rules> = {},
) {
  const isNeeded = (repository?: string) =>
    repository === undefined ? needed.length > 0 : needed.includes(repository);
  return planDigest(
    { bytes: OLD, links: [], untagged: [], marker: undefined, ...holding },
    { now: 100, grace: 50, isNeeded, ...rules },
  );
}

const marker = (fields: Partial<Marker> = {}): Marker => ({
  state: 'condemned',
  writtenAt: 50,
  isAnnounced: true,
  ...fields,
});
const link = (repository: string, writtenAt = 0) => ({ repository, writtenAt });

describe('what can go', () => {
  test('are bytes that nobody links or needs, once they are old enough', () => {
    expect(plan({}).removable).toEqual({ ...NOTHING, bytes: true });
    expect(plan({ bytes: { size: 3, writtenAt: 51 } }).removable).toEqual(NOTHING);
    expect(plan({ bytes: undefined }).removable).toEqual(NOTHING);
    expect(plan({}, ['elsewhere']).removable).toEqual(NOTHING);
  });

  test('are links of repositories that do not need it, and the bytes with the last one', () => {
    const links = [link('a'), link('b')];
    expect(plan({ links }).removable).toEqual({ manifests: [], links: ['a', 'b'], bytes: true });
    expect(plan({ links }, ['b']).removable).toEqual({ ...NOTHING, links: ['a'] });
    expect(plan({ links: [link('a'), link('b', 60)] }).removable).toEqual({
      ...NOTHING,
      links: ['a'],
    });
  });

  test('are manifests that nothing leads to, with their link', () => {
    const links = [link('a'), link('b')];
    expect(plan({ links, untagged: ['a'] }, ['b']).removable).toEqual({
      manifests: ['a'],
      links: ['a'],
      bytes: false,
    });
    expect(plan({ untagged: ['a'] }).removable.manifests).toEqual(['a']);
    expect(plan({ links: [link('a', 60)], untagged: ['a'] }).removable).toEqual(NOTHING);
    expect(plan({ links, untagged: ['a'] }, ['a']).removable.manifests).toEqual([]);
  });
});

describe('what becomes of a digest', () => {
  test('without a marker', () => {
    expect(plan({}).verdict).toBe('condemn');
    expect(plan({}, ['a']).verdict).toBe('keep');
  });

  test.each<[string, Marker, string]>([
    ['condemned for long enough', marker(), 'sweep'],
    ['condemned just now', marker({ writtenAt: 51 }), 'wait'],
    ['condemned without anybody knowing', marker({ isAnnounced: false }), 'wait'],
    ['relied upon since', marker({ state: 'alive' }), 'acquit'],
    ['half deleted', marker({ state: 'deleting', writtenAt: 99 }), 'sweep'],
  ])('%s', (_, given, verdict) => {
    expect(plan({ marker: given }).verdict).toBe(verdict);
  });

  test('that is needed, or not there any more, loses its marker', () => {
    expect(plan({ marker: marker() }, ['a']).verdict).toBe('acquit');
    expect(plan({ marker: marker({ state: 'deleting' }), bytes: undefined }).verdict).toBe(
      'acquit',
    );
  });
});
