// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { ByteRange, ObjectInfo, WriteOptions } from '../driver.ts';
import { discard } from '../http/store-client.ts';
import { storeError } from '../http/store-problem.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import {
  type AzureStore,
  type Blob,
  type CopySource,
  conditionOf,
  infoOf,
  pathOf,
  statBlob,
} from './azure-store.ts';

/** A blob that is being made of blocks. It shows when they are committed, all at once. */
export interface Blocks {
  put(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Copied within the store. False when the store cannot. */
  copy(from: CopySource, range: ByteRange): Promise<boolean>;
  commit(options: WriteOptions): Promise<ObjectInfo | 'conflict'>;
}

const CANNOT = 501;
/** Whoever commits a blob discards the blocks of all others who are about to. */
const LOST = 'InvalidBlockList';

/** In the order in which they are put. Blocks that are never committed go by themselves, after a week. */
export function startBlocks(store: AzureStore, blob: Blob): Blocks {
  const { client, container } = store;
  const { key } = blob;
  const ids: string[] = [];
  let size = 0;
  const nextPath = (): { readonly id: string; readonly path: string } => {
    const id = randomBytes(24).toString('base64');
    return { id, path: pathOf(container, blob, `comp=block&blockid=${encodeURIComponent(id)}`) };
  };
  return {
    async put(body, signal) {
      const { id, path } = nextPath();
      ids.push(id); // its place is that of the call, whenever it ends
      await discard(await client.send({ key, method: 'PUT', path, body, signal }));
      size += body.byteLength;
    },
    async copy({ url, headers: more }, { first, last }) {
      const { id, path } = nextPath();
      const range = { 'x-ms-copy-source': url, 'x-ms-source-range': `bytes=${first}-${last}` };
      const headers = { ...range, ...more };
      const answer = await client.send({ key, method: 'PUT', path, headers }, [CANNOT]);
      await discard(answer);
      if (answer.status === CANNOT) return false;
      ids.push(id);
      size += last - first + 1;
      return true;
    },
    commit: (options) => commitBlocks(store, blob, { ids, size, options }),
  };
}

interface Commit {
  readonly ids: readonly string[];
  /** Bytes of all of them. */
  readonly size: number;
  readonly options: WriteOptions;
}

async function commitBlocks(
  store: AzureStore,
  blob: Blob,
  { ids, size, options }: Commit,
): Promise<ObjectInfo | 'conflict'> {
  const { key } = blob;
  const { condition, signal } = options;
  const nonce = randomUUID();
  const path = pathOf(store.container, blob, 'comp=blocklist');
  const headers = { ...conditionOf(condition), ...propertiesOf(options, nonce) };
  const request = { key, method: 'PUT', path, headers, body: blockList(ids), signal } as const;
  const answer = await store.client.send(request, [400, ...CONFLICTS]);
  await discard(answer);
  const { problem, status } = answer;
  if (problem === undefined) return infoOf(key, answer, size);
  const stat = () => statBlob(store, blob);
  const isLost = problem.name === LOST;
  if (status === 400 && !isLost) throw storeError(key, status, problem);
  // Without a condition, what came in between is as good as if it had come after us.
  const later = isLost && condition === undefined ? await stat() : undefined;
  return later?.info ?? refusedWrite({ key, nonce, condition, stat }, answer);
}

/** What is told of a blob, as headers of what makes it. */
export function propertiesOf(
  { contentType, cacheControl }: WriteOptions,
  nonce: string,
): Readonly<Record<string, string>> {
  return {
    'x-ms-meta-nonce': nonce,
    ...(contentType !== undefined && { 'x-ms-blob-content-type': contentType }),
    ...(cacheControl !== undefined && { 'x-ms-blob-cache-control': cacheControl }),
  };
}

function blockList(ids: readonly string[]): string {
  const blocks = ids.map((id) => `<Latest>${id}</Latest>`).join('');
  return `<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks}</BlockList>`;
}
