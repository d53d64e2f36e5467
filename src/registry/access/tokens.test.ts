// SPDX-License-Identifier: Apache-2.0
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { tokenKeyOfPem } from './token-key.ts';
import { type TokenClaims, tokens } from './tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1_000;
const OURS = generateKeyPairSync('ed25519');
const THEIRS = generateKeyPairSync('ed25519');
const PEM = OURS.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const PUBLIC_PEM = OURS.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const KEY = tokenKeyOfPem('key.pem', PEM);
const CLAIMS: TokenClaims = {
  user: 'alice',
  scopes: [{ repository: 'team/app', actions: ['pull', 'push'] }],
  listsAll: false,
};

function open(changes: { readonly service?: string; readonly key?: typeof KEY } = {}) {
  const state = { time: NOW };
  const ports = { key: KEY, service: 'archeion', lifetime: 300_000, now: () => state.time };
  return { state, ...tokens({ ...ports, ...changes }) };
}

const HEADER = { alg: 'EdDSA', typ: 'JWT', kid: KEY.id };
const PAYLOAD = {
  iss: 'archeion',
  aud: 'archeion',
  sub: 'alice',
  iat: SECONDS,
  nbf: SECONDS,
  exp: SECONDS + 300,
  jti: '1',
  access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
};

type Signer = (text: string) => Buffer;
const byUs: Signer = (text) => sign(null, Buffer.from(text), OURS.privateKey);
const byThem: Signer = (text) => sign(null, Buffer.from(text), THEIRS.privateKey);
const byNobody: Signer = () => Buffer.alloc(0);

/** Made by hand, since no library would make most of these. */
function forged(header: object, payload: object, signer: Signer): string {
  const encoded = [header, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = encoded.join('.');
  return `${text}.${signer(text).toString('base64url')}`;
}

function jwkOf(key: KeyObject): object {
  return { ...key.export({ format: 'jwk' }), use: 'sig', alg: 'EdDSA' };
}

/** Signed with the public key, as if that were a shared secret. */
function byHmac(secret: string): Signer {
  return (text) => createHmac('sha256', secret).update(text).digest();
}

describe('a token', () => {
  test('says who it was given to and what for', async () => {
    const { issue, claimsOf } = open();
    const token = await issue(CLAIMS);
    expect(token).toMatchObject({ issuedAt: NOW, lifetime: 300_000 });
    expect(await claimsOf(token.text)).toEqual(CLAIMS);
    expect(await open().claimsOf(token.text)).toEqual(CLAIMS);
  });

  test('may be of nobody', async () => {
    const { issue, claimsOf } = open();
    const { text } = await issue({ user: undefined, scopes: [], listsAll: false });
    expect(await claimsOf(text)).toEqual({ user: undefined, scopes: [], listsAll: false });
  });

  test('says whether it is for the list of repositories', async () => {
    const { issue, claimsOf } = open();
    const { text } = await issue({ ...CLAIMS, listsAll: true });
    expect(await claimsOf(text)).toEqual({ ...CLAIMS, listsAll: true });
  });

  test('is one of its kind', async () => {
    const { issue } = open();
    expect((await issue(CLAIMS)).text).not.toBe((await issue(CLAIMS)).text);
  });

  test('the way these tests forge is a good one: what is right in all is taken', async () => {
    expect(await open().claimsOf(forged(HEADER, PAYLOAD, byUs))).toEqual(CLAIMS);
  });

  test('is good until its time is over, also when it is remembered', async () => {
    const { state, issue, claimsOf } = open();
    const { text } = await issue(CLAIMS);
    for (const [after, isGood] of [
      [0, true],
      [329_000, true],
      [330_000, false],
    ] as const) {
      state.time = NOW + after;
      expect((await claimsOf(text)) !== undefined).toBe(isGood);
      const fresh = open();
      fresh.state.time = NOW + after;
      expect((await fresh.claimsOf(text)) !== undefined).toBe(isGood);
    }
    state.time = NOW - 31_000;
    expect(await claimsOf(text)).toBeUndefined();
  });

  test.each([
    ['signed by another key', HEADER, PAYLOAD, byThem],
    ['signed by nobody', HEADER, PAYLOAD, byNobody],
    ['alg none', { ...HEADER, alg: 'none' }, PAYLOAD, byNobody],
    ['alg None', { ...HEADER, alg: 'None' }, PAYLOAD, byNobody],
    ['alg HS256 with the public key', { ...HEADER, alg: 'HS256' }, PAYLOAD, byHmac(PUBLIC_PEM)],
    ['alg HS256 with its id', { ...HEADER, alg: 'HS256' }, PAYLOAD, byHmac(KEY.id)],
    ['alg Ed25519', { ...HEADER, alg: 'Ed25519' }, PAYLOAD, byUs],
    ['alg RS256', { ...HEADER, alg: 'RS256' }, PAYLOAD, byUs],
    ['no alg', { typ: 'JWT', kid: KEY.id }, PAYLOAD, byUs],
    ['jwk of another key', { ...HEADER, jwk: jwkOf(THEIRS.publicKey) }, PAYLOAD, byThem],
    ['jwk of ours', { ...HEADER, jwk: jwkOf(OURS.publicKey) }, PAYLOAD, byUs],
    ['jku', { ...HEADER, jku: 'https://evil.example/jwks' }, PAYLOAD, byThem],
    ['jku, signed by us', { ...HEADER, jku: 'https://evil.example/jwks' }, PAYLOAD, byUs],
    ['x5u', { ...HEADER, x5u: 'https://evil.example/cert' }, PAYLOAD, byThem],
    ['x5c', { ...HEADER, x5c: ['MIIB'] }, PAYLOAD, byThem],
    ['kid of a file', { ...HEADER, kid: '../../etc/passwd' }, PAYLOAD, byThem],
    ['kid of a file, signed by us', { ...HEADER, kid: '../../etc/passwd' }, PAYLOAD, byUs],
    ['no kid', { alg: 'EdDSA', typ: 'JWT' }, PAYLOAD, byUs],
    ['another type', { ...HEADER, typ: 'at+jwt' }, PAYLOAD, byUs],
    ['crit that is not known', { ...HEADER, crit: ['exp2'], exp2: 1 }, PAYLOAD, byUs],
    ['crit b64', { ...HEADER, crit: ['b64'], b64: false }, PAYLOAD, byUs],
    ['another audience', HEADER, { ...PAYLOAD, aud: 'other' }, byUs],
    ['no audience', HEADER, { ...PAYLOAD, aud: undefined }, byUs],
    ['another issuer', HEADER, { ...PAYLOAD, iss: 'other' }, byUs],
    ['no issuer', HEADER, { ...PAYLOAD, iss: undefined }, byUs],
    ['expired', HEADER, { ...PAYLOAD, exp: SECONDS - 31 }, byUs],
    ['no end', HEADER, { ...PAYLOAD, exp: undefined }, byUs],
    ['an end that is no number', HEADER, { ...PAYLOAD, exp: '9999999999' }, byUs],
    ['not yet', HEADER, { ...PAYLOAD, nbf: SECONDS + 31 }, byUs],
    ['no beginning', HEADER, { ...PAYLOAD, nbf: undefined }, byUs],
    ['no id', HEADER, { ...PAYLOAD, jti: undefined }, byUs],
    ['no access', HEADER, { ...PAYLOAD, access: undefined }, byUs],
    ['access that is no list', HEADER, { ...PAYLOAD, access: 'all' }, byUs],
    ['access to what is no repository', HEADER, { ...PAYLOAD, access: [{ type: 'x' }] }, byUs],
    ['access to a bad name', HEADER, accessTo({ name: '../x', actions: [] }), byUs],
    ['access without actions', HEADER, accessTo({ name: 'a', actions: 'pull' }), byUs],
    ['access of nothing', HEADER, { ...PAYLOAD, access: [7] }, byUs],
    ['a list as payload', HEADER, [PAYLOAD], byUs],
  ])('threat 15: is refused: %s', async (_, header, payload, signer) => {
    expect(await open().claimsOf(forged(header, payload, signer))).toBeUndefined();
  });

  test('threat 15: of a registry with another name is refused, though the key is the same', async () => {
    const { text } = await open({ service: 'staging' }).issue(CLAIMS);
    expect(await open().claimsOf(text)).toBeUndefined();
  });

  test('threat 15: an action that nobody knows is not in it', async () => {
    const payload = accessTo({ name: 'a', actions: ['pull', 'purge', '*', 7] });
    expect(await open().claimsOf(forged(HEADER, payload, byUs))).toMatchObject({
      scopes: [{ repository: 'a', actions: ['pull'] }],
    });
  });

  test('threat 15: no change of a single character is taken, and no text at all is an error', async () => {
    const { issue, claimsOf } = open();
    const { text } = await issue(CLAIMS);
    const changed = fc
      .tuple(fc.nat(text.length - 2), fc.constantFrom(...'AZaz09-_.=+/ {"'))
      .map(([place, character]) => text.slice(0, place) + character + text.slice(place + 1));
    const shuffled = fc
      .array(fc.constantFrom(...text.split('.')), { maxLength: 5 })
      .map((parts) => parts.join('.'));
    const random = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json());
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, shuffled, random), async (other) => {
        fc.pre(other !== text);
        expect(await claimsOf(other)).toBeUndefined();
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

function accessTo(entry: object): object {
  return { ...PAYLOAD, access: [{ type: 'repository', ...entry }] };
}
