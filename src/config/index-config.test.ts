// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const STORE = { name: 'store', url: 'https://store.example' };
const CDN = { name: 'cdn', url: 'https://cdn.example' };
const KEY = { publicKey: 'key.pem' };

function parse(...backends: readonly object[]) {
  return parseConfig({ upstreams: [{ name: 'main', url: 'https://main.example' }], backends });
}

test.each([
  ['the default place', [{ ...STORE, index: true }]],
  ['a URL', [{ ...STORE, index: 'https://elsewhere.example/store/index' }]],
  [
    'a backend behind',
    [
      { ...STORE, index: true },
      { ...CDN, index: { of: 'store' } },
    ],
  ],
  [
    'a backend behind that has to prove itself',
    [
      { ...STORE, ownership: KEY },
      { ...CDN, index: { of: 'store' } },
    ],
  ],
])('an index may be at %s', (_, backends) => {
  expect(parse(...backends)).toMatchObject({ ok: true, config: { indexes: { refresh: 60_000 } } });
});

test.each([
  ['false', [{ ...STORE, index: false }]],
  ['no URL', [{ ...STORE, index: 'index' }]],
  ['of nobody', [{ ...CDN, index: { of: 'store' } }]],
  ['of a backend without', [STORE, { ...CDN, index: { of: 'store' } }]],
  ['of itself', [{ ...CDN, index: { of: 'cdn' } }]],
  [
    'of another, as a proof',
    [
      { ...STORE, index: true },
      { ...CDN, index: { of: 'store' }, ownership: KEY },
    ],
  ],
])('an index may not be %s', (_, backends) => {
  expect(parse(...backends)).toMatchObject({ ok: false });
});
