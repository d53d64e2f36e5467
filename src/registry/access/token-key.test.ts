// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { tokenKeyOfPem, tokenKeyOfStore } from './token-key.ts';

function pem(key = generateKeyPairSync('ed25519').privateKey): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The first test vector of RFC 8032, which is the example of RFC 8037. */
const SAMPLE = createPrivateKey({
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
  format: 'jwk',
});

describe('the key that signs tokens', () => {
  test('is made once in a store, however many start at once', async () => {
    const storage = memoryDriver();
    const keys = await Promise.all(Array.from({ length: 10 }, () => tokenKeyOfStore(storage)));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect((await tokenKeyOfStore(storage)).id).toBe(keys[0]?.id);
    expect((await tokenKeyOfStore(memoryDriver())).id).not.toBe(keys[0]?.id);
  });

  test('comes from a file', () => {
    const text = pem();
    const key = tokenKeyOfPem('key.pem', text);
    expect(key.id).toMatch(/^[\w-]{43}$/);
    expect(tokenKeyOfPem('key.pem', text).id).toBe(key.id);
  });

  test.each([
    '',
    'tulips',
    pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    pem(generateKeyPairSync('ed448').privateKey),
    generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  ])('is refused when it is none', (text) => {
    const problems = [expect.stringContaining('expected an Ed25519 private key in PEM')];
    expect(() => tokenKeyOfPem('key.pem', text)).toThrow(
      expect.objectContaining({ name: 'ConfigError', problems }),
    );
  });

  test('threat 13: one from the documentation is refused', async () => {
    expect(() => tokenKeyOfPem('key.pem', pem(SAMPLE))).toThrow(/printed in documentation/);
    const storage = memoryDriver();
    const key = SAMPLE.export({ format: 'jwk' });
    await storage.write('access/token-key', JSON.stringify({ version: 1, key }));
    await expect(tokenKeyOfStore(storage)).rejects.toMatchObject({ code: 'damaged' });
  });

  test.each(['', '{}', '[]', '{"version":1,"key":{"kty":"OKP","crv":"Ed25519","d":"tulips"}}'])(
    'threat 31: a damaged store is said to be so, without what is in it: %s',
    async (text) => {
      const storage = memoryDriver();
      await storage.write('access/token-key', text);
      const failed = await tokenKeyOfStore(storage).catch((error: unknown) => error);
      expect(failed).toMatchObject({ name: 'StoreError', code: 'damaged' });
      expect(String(failed)).not.toContain('tulips');
    },
  );
});
