// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import {
  absent,
  type FilledRegistry,
  filledRegistry,
} from '../../../test/support/registry-filled.ts';
import { ask, someRequest } from '../../../test/support/registry-requests.ts';
import { LONGEST_PAGE } from '../../core/oci/list-page.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../core/oci/media-type.ts';
import { silentLog } from '../../log.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { pullHandler } from '../pull-handler.ts';
import { tagKey } from '../store/layout.ts';
import { digestOf } from '../store/verify-body.ts';

let registry: FilledRegistry;

beforeAll(async () => {
  registry = await filledRegistry();
});

describe('tags', () => {
  const next = (query: string) => `</v2/team/app/tags/list?${query}>; rel="next"`;

  test.each([
    ['', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=2', ['V1', 'latest'], next('n=2&last=latest')],
    ['?n=2&last=latest', ['v1', 'v10'], next('n=2&last=v10')],
    ['?n=2&last=v10', ['v2'], undefined],
    ['?n=5', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=0', [], undefined],
    ['?last=m', ['v1', 'v10', 'v2'], undefined],
    ['?last=zzz', [], undefined],
    ['?last=%00%2f..%2f', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=1000000000', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
    ['?n=99999999999999999999', ['V1', 'latest', 'v1', 'v10', 'v2'], undefined],
  ])('in byte order, page by page: %s', async (query, tags, link) => {
    const { status, headers, text } = await registry.get(`team/app/tags/list${query}`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ name: 'team/app', tags });
    expect(headers['link']).toBe(link);
  });

  test.each(['?n=-1', '?n=1e9', '?n=0x10', '?n=', '?n=1&n=2', '?n=1&%6e=2', '?last=%zz'])(
    'threat 1: refuses %s (CVE-2023-2253)',
    async (query) => {
      await expect(registry.get(`team/app/tags/list${query}`)).rejects.toMatchObject({
        status: 400,
      });
    },
  );

  test.each([['?n=1000000000'], ['?n=99999999999999999999'], ['']])(
    'threat 1: asks the store for no more than a page, whatever is asked for: %s',
    async (query) => {
      const limits: Array<number | undefined> = [];
      const storage = memoryDriver();
      const watched: typeof storage = {
        ...storage,
        list(prefix, options) {
          limits.push(options?.limit);
          return storage.list(prefix, options);
        },
      };
      await storage.write(tagKey('a', 'v1'), '{}');
      const handler = pullHandler({ storage: watched, log: silentLog });
      await ask(handler, someRequest(`/v2/a/tags/list${query}`));
      expect(limits).toEqual([LONGEST_PAGE + 1]);
    },
  );
});

describe('referrers', () => {
  test('are listed with what kind they are', async () => {
    const { status, headers, text } = await registry.get(
      `team/app/referrers/${registry.image.digest}`,
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(OCI_INDEX);
    expect(headers['oci-filters-applied']).toBeUndefined();
    const { manifests, ...rest } = JSON.parse(text);
    expect(rest).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX });
    expect(manifests).toHaveLength(2);
    for (const { digest, size } of registry.referrers) {
      expect(manifests).toContainEqual(expect.objectContaining({ digest, size }));
    }
  });

  test.each([
    ['text/signature', 1],
    ['text/sbom%2Bx', 1],
    ['text/sbom+x', 1],
    ['text/other', 0],
  ])('are filtered by type %s', async (type, count) => {
    const path = `team/app/referrers/${registry.image.digest}?artifactType=${type}`;
    const { headers, text } = await registry.get(path);
    expect(headers['oci-filters-applied']).toBe('artifactType');
    expect(JSON.parse(text).manifests).toHaveLength(count);
  });

  test.each([`team/app/referrers/${absent}`, `nobody/referrers/${absent}`])(
    'of what is not there are none: %s',
    async (path) => {
      const { status, text } = await registry.get(path);
      expect(status).toBe(200);
      expect(JSON.parse(text).manifests).toEqual([]);
    },
  );

  test('come in pages when there are very many', async () => {
    const many = memoryDriver();
    for (let index = 0; index < 1500; index++) {
      const digest = digestOf(`${index}`);
      const key = `repositories/a/_referrers/${absent.replace(':', '/')}/${digest.replace(':', '-')}`;
      const artifactType = 'a/b+c';
      await many.write(
        key,
        JSON.stringify({ mediaType: OCI_MANIFEST, digest, size: 1, artifactType }),
      );
    }
    const pages = pullHandler({ storage: many, log: silentLog });
    const seen = new Set<string>();
    const counts: number[] = [];
    for (let target = `/v2/a/referrers/${absent}?artifactType=a/b%2Bc`; target !== ''; ) {
      const { headers, text } = await ask(pages, someRequest(target));
      const { manifests } = JSON.parse(text);
      for (const { digest } of manifests) seen.add(digest);
      counts.push(manifests.length);
      target = /^<(.*)>; rel="next"$/.exec(headers['link'] ?? '')?.[1] ?? '';
    }
    expect(counts).toEqual([999, 501]);
    expect(seen.size).toBe(1500);
  });
});
