// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { keysIn } from '../../../test/support/storage-reading.ts';
import { type MirrorConfig, parseMirrorConfig } from '../../config/mirror.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Loaded } from '../load-config.ts';
import { proveTargets } from './prove-targets.ts';

function loaded(...buckets: readonly string[]): Loaded<MirrorConfig> {
  const targets = buckets.map((bucket) => ({ name: bucket, storage: { kind: 's3', bucket } }));
  const source = { url: 'https://registry.example', repositories: ['app'] };
  const result = parseMirrorConfig({ source, targets });
  const config = result.ok ? result.config : expect.fail(result.problems.join());
  return { config, origin: 'mirror.yaml', directory: '/' };
}

/** A store that counts what is written to it. */
function counted(store: StorageDriver = memoryDriver()) {
  const written: string[] = [];
  const write: StorageDriver['write'] = (key, ...given) => {
    written.push(key);
    return store.write(key, ...given);
  };
  return { written, store: { ...store, write } };
}

/** It writes whatever the condition. */
function careless(): StorageDriver {
  const { write, ...store } = memoryDriver();
  return {
    ...store,
    write: (key, body, { condition: _, ...options } = {}) => write(key, body, options),
  };
}

test('a target is proven once, and again when its storage is another one by the configuration', async () => {
  const { store, written } = counted();
  await proveTargets(loaded('one'), [{ store }]);
  expect(written.splice(0).length).toBeGreaterThan(4);
  const [remembered, ...others] = await keysIn(store, '');
  expect(remembered).toMatch(/^archeion\/mirror\/proven-[0-9a-f]{16}$/);
  expect(others).toEqual([]);
  await proveTargets(loaded('one'), [{ store }]);
  expect(written).toEqual([]);
  await proveTargets(loaded('two'), [{ store }]);
  expect(written.length).toBeGreaterThan(4);
});

test('targets that honour no conditions are named, and nothing is left there', async () => {
  const stores = [careless(), memoryDriver(), careless()];
  const targets = stores.map((store) => ({ store }));
  await expect(proveTargets(loaded('one', 'two', 'three'), targets)).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(
      /targets\.0\.storage: "memory" does not create only what is absent[\s\S]*targets\.2\.storage: /,
    ),
  });
  for (const store of [stores[0], stores[2]]) {
    expect(store && (await keysIn(store, ''))).toEqual([]);
  }
});

test('a target that cannot be written to now is proven another time', async () => {
  const failing = {
    ...memoryDriver(),
    write: () => Promise.reject(new StorageError('failed', 'key', 'it is away')),
  };
  await proveTargets(loaded('one'), [{ store: failing }]);
  expect(await keysIn(failing, '')).toEqual([]);
});

test('what is a fault of ours is no word on a target', async () => {
  const broken = { ...memoryDriver(), stat: () => Promise.reject(new TypeError('a fault')) };
  await expect(proveTargets(loaded('one'), [{ store: broken }])).rejects.toThrow(TypeError);
});
