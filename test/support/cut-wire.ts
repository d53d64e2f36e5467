// SPDX-License-Identifier: Apache-2.0
import { buffer } from 'node:stream/consumers';
import type { MirrorSource } from '../../src/mirror/mirror-source.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { UpstreamError } from '../../src/upstream/upstream-error.ts';

/**
 * What befalls one request: it fails; it breaks off half way; it is done and its answer lost; nothing is ever
 * answered again, as for a process that was killed, with the last request done or not.
 */
export const CUTS = ['fails', 'half', 'lost', 'stops', 'stops-done'] as const;
export type Cut = (typeof CUTS)[number];

export interface CutWire {
  source(source: MirrorSource): MirrorSource;
  store(store: StorageDriver): StorageDriver;
  /** Requests so far, of all that go over it. */
  readonly requests: () => number;
}

interface Operation<T> {
  readonly run: () => Promise<T>;
  /** The same, broken off half way; left out, nothing is half done. */
  readonly half?: () => Promise<T>;
  readonly error: () => Error;
}

/** Everything to the source and its targets goes over one wire, which is cut at its `fatal`-th request, from 1. */
export function cutWire(fatal: number, cut: Cut): CutWire {
  let requests = 0;
  const isOver = () => requests >= fatal && cut.startsWith('stops');
  async function pass<T>({ run, half, error }: Operation<T>): Promise<T> {
    const wasOver = isOver();
    requests += 1;
    if (requests !== fatal && !wasOver) return run();
    if (wasOver) throw new Error('stopped');
    if (cut === 'half' && half !== undefined) return half();
    if (cut === 'lost' || cut === 'stops-done') await run();
    throw cut.startsWith('stops') ? new Error('stopped') : error();
  }
  return {
    requests: () => requests,
    source: (source) => cutSource(source, pass, isOver),
    store: (store) => cutStore(store, pass),
  };
}

type Pass = <T>(operation: Operation<T>) => Promise<T>;

function cutSource(source: MirrorSource, pass: Pass, isOver: () => boolean): MirrorSource {
  const error = () => new UpstreamError('unreachable', 'the wire was cut');
  const ask = <T>(run: () => Promise<T>) => pass({ run, error });
  return {
    name: source.name,
    listRepositories: (...given) => ask(() => source.listRepositories(...given)),
    listTags: (repository, signal) => ask(() => source.listTags(repository, signal)),
    digestOfTag: (...given) => ask(() => source.digestOfTag(...given)),
    listReferrers: (...given) => ask(() => source.listReferrers(...given)),
    content: (repository) => ({
      fetchManifest: (...given) => ask(() => source.content(repository).fetchManifest(...given)),
      fetchBlob(...given) {
        const run = async () => {
          const body = await source.content(repository).fetchBlob(...given);
          return body && untilOver(body, isOver);
        };
        const half = async () => {
          const body = await source.content(repository).fetchBlob(...given);
          return body && halfOf(body, error());
        };
        return pass({ run, half, error });
      },
    }),
  };
}

/** What is on its way when the process ends does not arrive. */
async function* untilOver(
  body: AsyncIterable<Uint8Array>,
  isOver: () => boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    if (isOver()) throw new Error('stopped');
    yield chunk;
  }
}

async function* halfOf(
  body: AsyncIterable<Uint8Array>,
  error: Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = await buffer(body);
  yield bytes.subarray(0, bytes.byteLength / 2);
  throw error;
}

function cutStore(store: StorageDriver, pass: Pass): StorageDriver {
  const error = () => new StorageError('failed', 'any', 'the wire was cut');
  const ask = <T>(run: () => Promise<T>) => pass({ run, error });
  return {
    ...store,
    stat: (key) => ask(() => store.stat(key)),
    read: (key, range, signal) => ask(() => store.read(key, range, signal)),
    remove: (key, options) => ask(() => store.remove(key, options)),
    write(key, body, options) {
      const run = () => store.write(key, body, options);
      const half = () => store.write(key, halfOf(asChunks(body), error()), { ...options });
      return pass({ run, half, error });
    },
    async *list(prefix, options) {
      await ask(async () => undefined);
      yield* store.list(prefix, options);
    },
  };
}

async function* asChunks(
  body: Parameters<StorageDriver['write']>[1],
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}
