// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseRegistryConfig, registryJsonSchema } from './registry.ts';
import { Size } from './values.ts';

const STORAGE = { kind: 'filesystem', directory: '/srv/registry' };

function problemsOf(more: object): readonly string[] {
  const result = parseRegistryConfig({ storage: STORAGE, ...more });
  return result.ok ? [] : result.problems;
}

test('a folder is enough: this machine alone may push and pull', () => {
  const result = parseRegistryConfig({ storage: STORAGE });
  expect(result).toMatchObject({
    ok: true,
    config: {
      listen: { host: '127.0.0.1', port: 5000, keepAlive: 65_000 },
      admin: { host: '127.0.0.1', port: 5001 },
      storage: STORAGE,
      readOnly: false,
      tags: { immutable: [] },
      deletes: true,
      acceptMissingReferences: false,
      manifestLimit: '4MiB',
      uploads: { lifetime: 86_400_000 },
      log: { level: 'info', sample: 1 },
      shutdown: { grace: 25_000 },
    },
  });
});

test('what is given is read', () => {
  const uploads = { lifetime: '1h', maxSize: '5GiB' };
  const tags = { immutable: ['v*', 'stable'] };
  const tls = { certificate: 'a.pem', key: 'b.pem' };
  const result = parseRegistryConfig({ storage: STORAGE, uploads, tags, listen: { tls } });
  expect(result).toMatchObject({
    ok: true,
    config: {
      uploads: { lifetime: 3_600_000, maxSize: 5 * 1024 ** 3 },
      tags,
      listen: { tls: { ...tls, minVersion: 'TLSv1.2' } },
    },
  });
});

test.each([
  [{ storage: undefined }, 'storage'],
  [{ storage: { kind: 'tape', directory: 'x' } }, 'storage.kind'],
  [{ storage: { ...STORAGE, bucket: 'x' } }, 'storage'],
  [{ storage: { kind: 'filesystem', directory: '' } }, 'storage.directory'],
  [{ listn: {} }, '(document)'],
  [{ manifestLimit: '8MiB' }, 'manifestLimit'],
  [{ tags: { immutable: ['v /'] } }, 'tags.immutable.0'],
  [{ uploads: { lifetime: '8d' } }, 'uploads.lifetime'],
  [{ uploads: { maxSize: '5GB' } }, 'uploads.maxSize'],
  [{ listen: { port: 70_000 } }, 'listen.port'],
  [{ clientAddress: { trustedProxyHops: 1, trustedProxies: ['10.0.0.0/8'] } }, 'clientAddress'],
])('%j is a problem of %s', (more, path) => {
  const problems = problemsOf(more);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.startsWith(`${path}: `)).toBe(true);
});

test('all problems are told at once', () => {
  expect(problemsOf({ readOnly: 'no', deletes: 1, more: true })).toHaveLength(3);
});

test('the schema can be given to an editor', () => {
  expect(registryJsonSchema()).toMatchObject({ type: 'object', required: ['storage'] });
});

test.each([
  ['1KiB', 1024],
  ['100MiB', 100 * 1024 ** 2],
  ['1TiB', 1024 ** 4],
])('%s are %i bytes, and are written so again', (text, bytes) => {
  expect(z.decode(Size, text)).toBe(bytes);
  expect(z.encode(Size, bytes)).toBe(text);
});
