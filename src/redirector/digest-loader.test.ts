// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { writeDigestIndex } from '../core/digest-index/digest-index-file.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import type { Log } from '../log.ts';
import type { FoundPointer, IndexFetcher } from '../upstream/digest-index-fetch.ts';
import { sealDigestIndex } from '../upstream/digest-index-seal.ts';
import { digestLoader } from './digest-loader.ts';

const [A, B] = ['aa', 'bb'].map((pair) => parseDigest(`sha256:${pair.repeat(32)}`)) as [
  Digest,
  Digest,
];
const NAMES = ['dublin', 'tokyo'];
const urlOf = (name: string) => `https://${name}.example`;

interface Published {
  readonly pointer: FoundPointer;
  readonly bytes: Uint8Array | undefined;
}

function published(backend: string, digests: readonly Digest[], createdAt: number): Published {
  const about = { backend, url: urlOf(backend), createdAt, validUntil: createdAt + 100 };
  const blobs = digests.map((digest) => ({ digest, size: 1 }));
  const bytes = Buffer.from(sealDigestIndex(writeDigestIndex(about, blobs)));
  const checksum = `sha256:${bytes.subarray(-32).toString('hex')}`;
  const pointer = { file: `index-${createdAt}`, size: bytes.length, checksum };
  return { pointer: { kind: 'pointer', pointer, etag: `"${createdAt}"` }, bytes };
}

function open() {
  const place = new Map<string, Published>();
  const events: string[] = [];
  const fetched: string[] = [];
  let now = 0;
  let [underWay, most] = [0, 0];
  const fetcher: Pick<IndexFetcher, 'fetchPointer' | 'fetchFile'> = {
    async fetchPointer(url, etag) {
      const { pointer } = place.get(url) ?? { pointer: { kind: 'absent' } as const };
      const isSame = pointer.kind === 'pointer' && pointer.etag === etag;
      return isSame ? { kind: 'unchanged' } : pointer;
    },
    async fetchFile(url) {
      fetched.push(url);
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      return place.get(url)?.bytes;
    },
  };
  const note = (event: string) => void events.push(event);
  const log: Log = { info: note, warn: note, error: note };
  const backends = NAMES.map((backend) => {
    const url = urlOf(backend);
    return { backend, url, pointerUrl: `${url}/archeion/index`, publicKey: undefined };
  });
  return {
    loader: digestLoader(backends, { fetcher, now: () => now, log }),
    put: (name: string, what: Published) => place.set(`${urlOf(name)}/archeion/index`, what),
    events,
    fetched,
    at: (time: number) => (now = time),
    mostAtOnce: () => most,
  };
}

test('a file is fetched when its pointer is new, and not again', async () => {
  const { loader, put, events, fetched } = open();
  put('dublin', published('dublin', [A], 0));
  await loader.refresh('dublin');
  const before = loader.knowledge();
  await loader.refresh('dublin');
  expect(loader.knowledge()).toBe(before);
  expect(fetched).toHaveLength(1);
  expect(events).toEqual(['digest-index-loaded']);
  expect(loader.headers().get('dublin')).toMatchObject({ sha256: 1, validUntil: 100 });
});

test('files wait for each other: memory is for one at a time', async () => {
  const { loader, put, mostAtOnce } = open();
  for (const name of NAMES) put(name, published(name, [A], 0));
  await Promise.all(NAMES.map(loader.refresh));
  expect(mostAtOnce()).toBe(1);
  expect(NAMES.map((name) => loader.knowledge().knows(name, A, 1))).toEqual(['held', 'held']);
});

test('what is wrong is said once, until something else is', async () => {
  const { loader, put, events } = open();
  await loader.refresh('dublin');
  await loader.refresh('dublin');
  expect(events).toEqual(['digest-index-refused']);
  put('dublin', published('tokyo', [A], 0));
  await loader.refresh('dublin');
  expect(events).toHaveLength(2);
});

test('a failed file keeps nobody else waiting, and is tried again', async () => {
  const { loader, put } = open();
  put('dublin', { ...published('dublin', [A], 0), bytes: undefined });
  put('tokyo', published('tokyo', [A], 0));
  await Promise.all(NAMES.map(loader.refresh));
  expect(NAMES.map((name) => loader.knowledge().knows(name, A, 1))).toEqual([undefined, 'held']);
  put('dublin', published('dublin', [A], 0));
  await loader.refresh('dublin');
  expect(loader.knowledge().knows('dublin', A, 1)).toBe('held');
});

test('an index whose time is over is dropped, its pointer unchanged or not', async () => {
  const { loader, put, at, events } = open();
  put('dublin', published('dublin', [A], 0));
  await loader.refresh('dublin');
  at(100);
  await loader.refresh('dublin');
  expect(events).toEqual(['digest-index-loaded', 'digest-index-expired']);
  expect(loader.headers().size).toBe(0);
  put('dublin', published('dublin', [B], 100));
  await loader.refresh('dublin');
  expect([A, B].map((digest) => loader.knowledge().knows('dublin', digest, 101))).toEqual([
    'absent',
    'held',
  ]);
});

test('a file that is not the one of its pointer is refused', async () => {
  const { loader, put, events } = open();
  const { pointer } = published('dublin', [A], 0);
  put('dublin', { pointer, bytes: published('dublin', [B], 0).bytes });
  await loader.refresh('dublin');
  expect(events).toEqual(['digest-index-refused']);
  expect(loader.knowledge().knows('dublin', B, 1)).toBeUndefined();
});
