// SPDX-License-Identifier: Apache-2.0
import { parseRange } from '../core/oci/range.ts';
import { RegistryError } from '../core/oci/registry-error.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { ObjectInfo, StorageDriver } from '../storage/driver.ts';
import { StorageError } from '../storage/storage-error.ts';
import { SECRET_PREFIX } from './store/layout.ts';

/**
 * Serves a store's objects to anybody who knows their keys, as a public bucket or a CDN does: a backend of
 * one's own, for `archeion dev` and for sites without a cloud. Objects are taken to be content-addressed; the
 * secrets of a registry over the same store are not among them.
 */
export function bucketHandler(storage: StorageDriver): Handler {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new RegistryError('UNSUPPORTED', 'a backend is only read', {
        headers: ['Allow', 'GET, HEAD'],
      });
    }
    const key = keyOf(request.target);
    const isOpen = key !== undefined && !key.startsWith(SECRET_PREFIX);
    const info = isOpen ? await stat(storage, key) : undefined;
    if (info === undefined) throw notThere();
    const range = parseRange(request.header('range'), info.size);
    if (range.kind === 'unsatisfiable') return unsatisfiable(info.size);
    const part = range.kind === 'part' ? range : undefined;
    const headers = headersOf(info.size, part);
    const status = part === undefined ? 200 : 206;
    if (request.method === 'HEAD') return { status, headers, body: nothing() };
    return { status, headers, body: await bodyOf(storage, info.key, { part, request }) };
  };
}

interface Part {
  readonly first: number;
  readonly last: number;
}

interface Wanted {
  readonly part: Part | undefined;
  readonly request: HttpRequest;
}

async function bodyOf(
  storage: StorageDriver,
  key: string,
  { part, request }: Wanted,
): Promise<AsyncIterable<Uint8Array>> {
  const found = await storage.read(key, part, request.signal);
  if (found === undefined) throw notThere(); // removed between our two looks
  return found.body;
}

function headersOf(size: number, part: Part | undefined): string[] {
  const length = part === undefined ? size : part.last - part.first + 1;
  const headers = [
    'Content-Type',
    'application/octet-stream',
    'Content-Length',
    String(length),
    'Accept-Ranges',
    'bytes',
    'Cache-Control',
    'public, max-age=31536000, immutable',
  ];
  if (part !== undefined) headers.push('Content-Range', `bytes ${part.first}-${part.last}/${size}`);
  return headers;
}

function unsatisfiable(size: number): HttpAnswer {
  return { status: 416, headers: ['Content-Range', `bytes */${size}`] };
}

/** A stream of nothing: the length of the answer to HEAD is in its headers. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

function notThere(): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'there is nothing at this path');
}

async function stat(storage: StorageDriver, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await storage.stat(key);
  } catch (error) {
    // What no key can be cannot be there either.
    if (error instanceof StorageError && error.code === 'invalid-key') return undefined;
    throw error;
  }
}

/** Undefined for what cannot be decoded. */
function keyOf(target: string): string | undefined {
  const path = parseRequestTarget(target)?.path;
  try {
    return path === undefined ? undefined : decodeURIComponent(path.slice(1));
  } catch {
    return undefined; // the only thing it throws is that the encoding is malformed
  }
}
