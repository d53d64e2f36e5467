// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { as, fakeAccess } from '../../../test/support/fake-access.ts';
import { type RegistryClient, registryClient } from '../../../test/support/registry-client.ts';
import { imageOf, pushImage, pushManifest } from '../../../test/support/registry-pushes.ts';
import { someRequest } from '../../../test/support/registry-requests.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import { digestOf } from '../store/verify-body.ts';
import type { AuditEntry } from './audit.ts';
import { auditingRefusals } from './audit-refusals.ts';

const ONE = imageOf('layer');
const TWO = imageOf('layer', { annotations: { which: 'two' } });

interface Watched {
  readonly client: RegistryClient;
  /** What was written since the last look. */
  seen(): readonly AuditEntry[];
}

function watched(settings = {}): Watched {
  const entries: AuditEntry[] = [];
  const audit = async (_: HttpRequest, entry: AuditEntry) => void entries.push(entry);
  const rules = { owner: { '*': ['pull', 'push', 'delete'] }, reader: { '*': ['pull'] } } as const;
  const client = registryClient({
    access: fakeAccess(rules),
    audit,
    settings,
    around: (handler) => auditingRefusals(handler, audit),
  });
  return { client, seen: () => entries.splice(0) };
}

const OWNER = as('owner');
const owned = { repository: 'app', headers: OWNER.headers };

describe('an audit', () => {
  test('says what a push brought, and where a tag was before', async () => {
    const { client, seen } = watched();
    await pushImage({ client, ...owned, reference: 'v1' }, ONE);
    const who = { result: 'done', user: 'owner', repository: 'app' };
    expect(seen()).toEqual([
      { ...who, operation: 'blob-push', digest: digestOf('layer') },
      { ...who, operation: 'blob-push', digest: digestOf('{}') },
      { ...who, operation: 'manifest-push', digest: digestOf(ONE) },
      { ...who, operation: 'tag-set', tag: 'v1', digest: digestOf(ONE), before: undefined },
    ]);
    await pushManifest({ client, ...owned, reference: 'v1' }, ONE);
    expect(seen()).toEqual([]);
    await pushManifest({ client, ...owned, reference: 'v1' }, TWO);
    expect(seen()[1]).toEqual({
      ...who,
      operation: 'tag-set',
      tag: 'v1',
      digest: digestOf(TWO),
      before: digestOf(ONE),
    });
  });

  test('says what a chunked upload and a mount brought', async () => {
    const { client, seen } = watched();
    const { headers } = await client.ask('POST', 'app/blobs/uploads/', OWNER);
    await client.ask('PUT', `${headers['location']}?digest=${digestOf('x')}`, {
      ...OWNER,
      body: 'x',
    });
    const query = `?mount=${digestOf('x')}&from=app`;
    await client.ask('POST', `other/blobs/uploads/${query}`, OWNER);
    expect(seen().map(({ operation, repository }) => [operation, repository])).toEqual([
      ['blob-push', 'app'],
      ['mount', 'other'],
    ]);
  });

  test('says what was deleted, and what a deleted tag pointed at', async () => {
    const { client, seen } = watched();
    const push = { client, ...owned };
    await pushImage({ ...push, reference: 'v1' }, ONE);
    await pushManifest({ ...push, reference: 'v2' }, ONE);
    seen();
    await client.ask('DELETE', 'app/manifests/v1', OWNER);
    await client.ask('DELETE', `app/manifests/${digestOf(ONE)}`, OWNER);
    await client.ask('DELETE', `app/blobs/${digestOf('layer')}`, OWNER);
    expect(seen().map(({ operation, tag, digest }) => [operation, tag, digest])).toEqual([
      ['tag-delete', 'v1', digestOf(ONE)],
      ['tag-delete', 'v2', digestOf(ONE)],
      ['manifest-delete', undefined, digestOf(ONE)],
      ['blob-delete', undefined, digestOf('layer')],
    ]);
  });

  test('says what was refused, to whom and why', async () => {
    const { client, seen } = watched({ immutableTags: ['v*'] });
    await pushImage({ client, ...owned, reference: 'v1' }, ONE);
    seen();
    await client.ask('DELETE', 'app/manifests/v1', OWNER);
    await client.ask('DELETE', `app/blobs/${digestOf('layer')}`, as('reader'));
    await client.ask('POST', 'app/blobs/uploads/');
    const refused = { result: 'refused', repository: 'app', user: undefined };
    expect(seen()).toEqual([
      { ...refused, operation: 'tag-delete', user: 'owner', tag: 'v1', code: 'DENIED' },
      {
        ...refused,
        operation: 'blob-delete',
        user: 'reader',
        digest: digestOf('layer'),
        code: 'DENIED',
      },
      { ...refused, operation: 'upload-start', code: 'UNAUTHORIZED' },
    ]);
  });

  test('says that a change failed, and nothing of a pull', async () => {
    const broken = new Error('the disk is gone');
    const entries: AuditEntry[] = [];
    const handler = auditingRefusals(
      () => {
        throw broken;
      },
      async (_, entry) => void entries.push(entry),
    );
    const ask = async (method: string) => {
      const request = requestOf(method, '/v2/app/manifests/v1');
      await expect(Promise.resolve(handler(request))).rejects.toBe(broken);
    };
    await ask('PUT');
    expect(entries).toEqual([
      {
        operation: 'manifest-push',
        result: 'failed',
        user: undefined,
        repository: 'app',
        tag: 'v1',
        code: undefined,
      },
    ]);
    await ask('GET');
    expect(entries).toHaveLength(1);
  });

  test.each([
    ['GET', '/v2/app/manifests/v1', `Basic ${btoa('jo:guess')}`, 'jo', 'app'],
    ['GET', '/v2/', 'Bearer not.a.token', undefined, undefined],
    ['GET', '/token', `Basic ${btoa('jo:guess')}`, 'jo', undefined],
    ['POST', '/token', undefined, undefined, undefined],
  ])('says that a login failed: %s %s with %s', async (...row) => {
    const [method, target, authorization, claimed, repository] = row;
    const entries: AuditEntry[] = [];
    const handler = auditingRefusals(
      async () => {
        throw new RegistryError('UNAUTHORIZED', 'wrong');
      },
      async (_, entry) => void entries.push(entry),
    );
    await expect(
      Promise.resolve(handler(requestOf(method, target, authorization))),
    ).rejects.toThrow('wrong');
    expect(entries).toEqual([
      expect.objectContaining({ operation: 'login', result: 'refused', code: 'UNAUTHORIZED' }),
    ]);
    expect(entries[0]?.claimed).toBe(claimed);
    expect(entries[0]?.repository).toBe(repository);
    expect(JSON.stringify(entries)).not.toContain('guess');
  });
});

function requestOf(method: string, target: string, authorization?: string): HttpRequest {
  return someRequest(target, authorization === undefined ? {} : { authorization }, method);
}
