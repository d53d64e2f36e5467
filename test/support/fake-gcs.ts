// SPDX-License-Identifier: Apache-2.0
import {
  type FakeObject,
  type FakeReply,
  type FakeRequest,
  type FakeStore,
  fakePage,
  ranged,
  startFakeStore,
} from './fake-store.ts';

type Objects = Map<string, FakeObject>;

interface Session {
  readonly begun: FakeRequest;
  kept: Buffer;
}

const BASE = '/storage/v1/b/bucket/o';
/** Bytes that a copy takes more than one step for. */
const MUCH = 1_000_000;
/** Bytes of which a session keeps a multiple. */
const GRAIN = 256 * 1024;

/**
 * What Google Cloud Storage does, as far as the driver asks for it: one bucket, called `bucket`, that heeds the conditions
 * of every request, and that keeps only half of what it is sent in pieces.
 */
export function startFakeGcs(): Promise<FakeStore> {
  const objects: Objects = new Map();
  const sessions = new Map<string, Session>();
  return startFakeStore((request) => {
    const { method, path } = request;
    if (path.startsWith('/upload')) return upload(objects, sessions, request);
    if (path === BASE) return list(objects, request);
    const [name = '', action = '', ...rest] = path.slice(BASE.length + 1).split('/');
    const at = decodeURIComponent(name);
    if (!path.startsWith(BASE)) return problem(404, 'The specified bucket does not exist.');
    if (action === 'compose') return compose(objects, at, request);
    if (action === 'rewriteTo')
      return rewrite(objects, at, decodeURIComponent(rest[3] ?? ''), request);
    return method === 'DELETE' ? remove(objects, at, request) : get(objects, at, request);
  });
}

let generations = 1_700_000_000_000_000;

function put(objects: Objects, name: string, bytes: Buffer, nonce = ''): FakeReply {
  objects.set(name, { bytes, version: String(++generations), at: new Date(), nonce });
  return described(objects, name);
}

function described(objects: Objects, name: string): FakeReply {
  return { status: 200, body: JSON.stringify(resource(objects, name)) };
}

function resource(objects: Objects, name: string): unknown {
  const found = objects.get(name);
  return {
    name,
    size: String(found?.bytes.byteLength),
    generation: found?.version,
    updated: found?.at.toISOString(),
    metadata: { nonce: found?.nonce },
  };
}

function problem(status: number, message: string): FakeReply {
  return { status, body: JSON.stringify({ error: { code: status, message } }) };
}

const ABSENT = problem(404, 'No such object: bucket/name');
const UNMET = problem(412, 'At least one of the pre-conditions you specified did not hold.');

function isMet(objects: Objects, name: string, { query }: FakeRequest): boolean {
  const wanted = query.get('ifGenerationMatch');
  return wanted === null || (objects.get(name)?.version ?? '0') === wanted;
}

function upload(objects: Objects, sessions: Map<string, Session>, request: FakeRequest): FakeReply {
  const id = request.query.get('upload_id');
  if (id !== null) return piece(objects, sessions.get(id), request);
  if (request.query.get('uploadType') === 'multipart') return multipart(objects, request);
  const { name } = JSON.parse(request.body.toString());
  if (!isMet(objects, name, request)) return UNMET;
  const next = String(sessions.size);
  sessions.set(next, { begun: request, kept: Buffer.alloc(0) });
  return { status: 200, headers: { location: `http://other.example/upload?upload_id=${next}` } };
}

function multipart(objects: Objects, request: FakeRequest): FakeReply {
  const { body, headers } = request;
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const [first, second, end] = [0, 1, 2].reduce<number[]>(
    (found) => [...found, body.indexOf(`--${boundary}`, (found.at(-1) ?? -1) + 1)],
    [],
  );
  const inside = (from = 0, to = 0) => {
    const start = body.indexOf('\r\n\r\n', from) + 4;
    return body.subarray(start, to - 2);
  };
  const { name, metadata } = JSON.parse(inside(first, second).toString());
  if (!isMet(objects, name, request)) return UNMET;
  return put(objects, name, Buffer.from(inside(second, end)), metadata.nonce);
}

function piece(objects: Objects, session: Session | undefined, request: FakeRequest): FakeReply {
  if (session === undefined || request.method === 'DELETE') return { status: 499 };
  const [, first = '', total = ''] =
    /^bytes (\d+)-\d+\/(.+)$/.exec(String(request.headers['content-range'])) ?? [];
  const isLast = total !== '*';
  const fresh = request.body.subarray(session.kept.byteLength - Number(first));
  const half = Math.ceil(fresh.byteLength / 2 / GRAIN) * GRAIN;
  session.kept = Buffer.concat([session.kept, fresh.subarray(0, isLast ? undefined : half)]);
  if (!isLast) return { status: 308, headers: { range: `bytes=0-${session.kept.byteLength - 1}` } };
  const { name, metadata } = JSON.parse(session.begun.body.toString());
  if (!isMet(objects, name, session.begun)) return UNMET;
  return put(objects, name, session.kept, metadata.nonce);
}

function get(objects: Objects, name: string, { query, headers }: FakeRequest): FakeReply {
  const found = objects.get(name);
  if (found === undefined) return ABSENT;
  if (query.get('alt') !== 'media') return described(objects, name);
  const asked = ranged(found.bytes, headers.range);
  if (asked === undefined) return { status: 416 };
  const told = { 'x-goog-generation': found.version, 'last-modified': found.at.toUTCString() };
  const status = asked.part === found.bytes ? 200 : 206;
  return { status, headers: { ...told, ...asked.headers }, body: asked.part };
}

function remove(objects: Objects, name: string, request: FakeRequest): FakeReply {
  if (!objects.has(name)) return ABSENT;
  if (!isMet(objects, name, request)) return UNMET;
  objects.delete(name);
  return { status: 204 };
}

function compose(objects: Objects, name: string, request: FakeRequest): FakeReply {
  const { sourceObjects, destination } = JSON.parse(request.body.toString());
  const sources: (FakeObject | undefined)[] = sourceObjects.map((source: { name: string }) =>
    objects.get(source.name),
  );
  const found = sources.filter((source) => source !== undefined);
  if (found.length < sources.length) return ABSENT;
  if (sources.length > 32) return problem(400, 'too many sources');
  if (!isMet(objects, name, request)) return UNMET;
  const bytes = Buffer.concat(found.map((source) => source.bytes));
  return put(objects, name, bytes, destination.metadata.nonce);
}

function rewrite(objects: Objects, from: string, to: string, { query }: FakeRequest): FakeReply {
  const found = objects.get(from);
  if (found === undefined) return ABSENT;
  if (found.bytes.byteLength > MUCH && query.get('rewriteToken') === null) {
    return { status: 200, body: JSON.stringify({ done: false, rewriteToken: 'on' }) };
  }
  put(objects, to, found.bytes, found.nonce);
  return { status: 200, body: JSON.stringify({ done: true, resource: resource(objects, to) }) };
}

function list(objects: Objects, { query }: FakeRequest): FakeReply {
  const { names, cut, next } = fakePage(objects.keys(), {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    start: query.get('startOffset') ?? '',
    limit: Number(query.get('maxResults')),
  });
  const items = names.map((name) => resource(objects, name));
  return { status: 200, body: JSON.stringify({ items, prefixes: cut, nextPageToken: next }) };
}
