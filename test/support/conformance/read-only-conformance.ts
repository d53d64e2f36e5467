// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { sha256Of } from '../image-documents.ts';
import type { ContentSet } from './content-set.ts';
import {
  ACCEPT,
  expectListed,
  expectPulled,
  expectReferrers,
  referrersAt,
} from './pull-conformance.ts';
import type { Wire } from './wire.ts';

/** Who only answers pulls, of content that was pushed elsewhere. */
export interface ReadOnlyPlace {
  readonly wire: Wire;
  readonly fromBucket: boolean;
  /** What each repository holds, by name. */
  readonly sets: ReadonlyMap<string, ContentSet>;
}

/** What the specification wants of whoever takes no pushes: the same answers, and a plain no to changes. */
export function readOnlyConformance(place: () => ReadOnlyPlace): void {
  test('all of every kind of content is pulled, listed and found by its subject', async () => {
    const { wire, sets, fromBucket } = place();
    for (const [repository, set] of sets) {
      await expectPulled({ wire, repository, set, fromBucket });
      await expectListed({ wire, repository, set });
      await expectReferrers({ wire, repository, set });
    }
    expect(sets.size).toBeGreaterThan(0);
  });

  test('a blob is pulled in part', async () => {
    const { wire, sets } = place();
    const [repository, set] = one(sets);
    const [blob] = set.blobs.values();
    const headers = { range: 'bytes=1-4' };
    const part = await wire.send('GET', `${repository}/blobs/${blob?.digest}`, { headers });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 1-4/${blob?.bytes.byteLength}`);
    expect(part.bytes.equals(blob?.bytes.subarray(1, 5) ?? part.bytes)).toBe(true);
  });

  test.each(['HEAD', 'GET'])('what is not there is 404: %s', async (method) => {
    const { wire, sets } = place();
    const [repository] = one(sets);
    const absent = sha256Of('absent');
    for (const path of [`manifests/${absent}`, 'manifests/absent', `blobs/${absent}`]) {
      const answer = await wire.send(method, `${repository}/${path}`, { headers: ACCEPT });
      expect(answer.status).toBe(404);
    }
  });

  test('what nobody has pushed to has no tags, and referrers of anything: none', async () => {
    const { wire } = place();
    expect((await wire.send('GET', 'nobody/nothing/tags/list')).status).toBe(404);
    const path = `nobody/nothing/referrers/${sha256Of('absent')}`;
    expect(await referrersAt(wire, path)).toEqual([]);
  });

  test('a digest that cannot be one is 400', async () => {
    const { wire, sets } = place();
    const [repository] = one(sets);
    const answer = await wire.send('GET', `${repository}/manifests/sha256:baddigeststring`);
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID']);
  });

  test.each([
    ['POST', () => 'blobs/uploads/'],
    ['PUT', () => 'manifests/v1'],
    ['DELETE', () => 'manifests/v1'],
    ['DELETE', (set: ContentSet) => `manifests/${set.manifests.at(0)?.digest}`],
    ['DELETE', (set: ContentSet) => `blobs/${[...set.blobs.keys()].at(0)}`],
  ])('nothing changes: %s', async (method, pathOf) => {
    const { wire, sets } = place();
    const [repository, set] = one(sets);
    const answer = await wire.send(method, `${repository}/${pathOf(set)}`);
    expect([answer.status, answer.code]).toEqual([405, 'UNSUPPORTED']);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
}

function one(sets: ReadonlyMap<string, ContentSet>): readonly [string, ContentSet] {
  const [first] = sets;
  if (first === undefined) throw new Error('nothing was pushed');
  return first;
}
