// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseChallenges } from '../oci/challenge.ts';
import { challengeText, isHost } from './challenge-text.ts';

describe('a challenge', () => {
  test('says where to get which token', () => {
    const text = challengeText({
      realm: 'https://registry.example.org/token',
      service: 'archeion',
      scope: 'repository:team/app:pull,push',
      error: 'invalid_token',
    });
    expect(text).toBe(
      'Bearer realm="https://registry.example.org/token",service="archeion",scope="repository:team/app:pull,push",error="invalid_token"',
    );
  });

  test('asks for the password itself where there is no realm', () => {
    const text = challengeText({ realm: undefined, service: 'archeion', scope: 'x' });
    expect(text).toBe('Basic realm="archeion", charset="UTF-8"');
  });

  test('threat 28: whatever is in it, it is one header, and is read as it was meant', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string());
    fc.assert(
      fc.property(anything, anything, (realm, scope) => {
        const text = challengeText({ realm, service: 'archeion', scope });
        expect(text).toMatch(/^[ -~]*$/);
        const challenges = parseChallenges(text);
        expect(challenges).toHaveLength(1);
        expect(Object.fromEntries(challenges?.[0]?.parameters ?? [])).toEqual({
          realm: realm.replaceAll(/[^ -~]/g, ''),
          service: 'archeion',
          scope: scope.replaceAll(/[^ -~]/g, ''),
        });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('the host a client names', () => {
  test.each(['a', 'registry.example.org', 'localhost:8082', '192.0.2.1:80', '[::1]:8082', 'a_b'])(
    '%s is one',
    (text) => {
      expect(isHost(text)).toBe(true);
      expect(URL.canParse(`http://${text}/token`)).toBe(true);
    },
  );

  test.each([
    '',
    'a/b',
    'a b',
    'user@a',
    'a, b',
    'a?b',
    'a#b',
    'a"',
    'a\\b',
    'a\r\nX: y',
    'ä',
    '[::1',
    ':80',
    'a:123456',
    '%61',
    '-a',
  ])('threat 28: %j is none', (text) => {
    expect(isHost(text)).toBe(false);
  });
});
