// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject } from 'node:crypto';
import {
  readDigestIndex,
  writeDigestIndex,
} from '../../src/core/digest-index/digest-index-file.ts';
import { formatIndexPointer } from '../../src/core/digest-index/index-pointer.ts';
import { type Digest, parseDigest } from '../../src/core/oci/digest.ts';
import { type RunningServer, startServer } from '../../src/http/node-server.ts';
import { silentLog } from '../../src/log.ts';
import { sealDigestIndex } from '../../src/upstream/digest-index-seal.ts';

export interface IndexContent {
  readonly backend?: string;
  readonly url?: string;
  readonly digests: readonly Digest[];
  readonly createdAt?: number;
  /** Milliseconds from now; an hour when it is left out. */
  readonly validFor?: number;
  readonly privateKey?: KeyObject;
}

/** A backend on loopback that publishes an index, and keeps what it was asked. */
export interface IndexBucket extends RunningServer {
  /** Objects by path; tests may put in anything. */
  readonly objects: Map<string, Uint8Array>;
  /** `HEAD /containers/…`: what was probed. */
  readonly probes: readonly string[];
  /** How often the pointer was sent, and how often it had not changed. */
  readonly pointers: { sent: number; unchanged: number };
  publish(content: IndexContent): string;
}

export async function startIndexBucket(): Promise<IndexBucket> {
  const objects = new Map<string, Uint8Array>();
  const probes: string[] = [];
  const pointers = { sent: 0, unchanged: 0 };
  const server = await startServer({
    name: 'bucket',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    handler(request) {
      const { method, target } = request;
      if (method === 'HEAD') probes.push(target);
      const bytes = objects.get(target);
      if (bytes === undefined) return { status: 404, headers: [], body: '' };
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      const isUnchanged = request.header('if-none-match') === etag;
      if (target === '/archeion/index') pointers[isUnchanged ? 'unchanged' : 'sent'] += 1;
      const headers = ['ETag', etag];
      return isUnchanged ? { status: 304, headers } : { status: 200, headers, body: bytes };
    },
  });
  return {
    ...server,
    objects,
    probes,
    pointers,
    publish(content) {
      const bytes = indexBytes({ url: server.url, ...content });
      return publishBytes(objects, bytes);
    },
  };
}

export function indexBytes(content: IndexContent): Buffer {
  const { backend = 'dublin', url = '', digests, createdAt = Date.now() } = content;
  const validUntil = Date.now() + (content.validFor ?? 3_600_000);
  const about = { backend, url, createdAt, validUntil };
  const blobs = digests.map((digest) => ({ digest, size: 5 }));
  return Buffer.from(sealDigestIndex(writeDigestIndex(about, blobs), content.privateKey));
}

function publishBytes(objects: Map<string, Uint8Array>, bytes: Buffer): string {
  const read = readDigestIndex(bytes);
  if (!read.ok) throw new Error(read.problem);
  const checksum = Buffer.from(read.file.checksum).toString('hex');
  const file = `index-${checksum.slice(0, 16)}`;
  objects.set(`/archeion/${file}`, bytes);
  const pointer = { file, size: bytes.length, checksum: `sha256:${checksum}` };
  objects.set('/archeion/index', Buffer.from(formatIndexPointer(pointer)));
  return `/archeion/${file}`;
}

/** A digest of these two digits only. */
export function digestOfPair(pair: string): Digest {
  const digest = parseDigest(`sha256:${pair.repeat(32)}`);
  if (digest === undefined) throw new Error(`"${pair}" makes no digest`);
  return digest;
}
