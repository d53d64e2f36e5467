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

interface Container {
  readonly blobs: Map<string, FakeObject>;
  /** That are not committed yet, by name and id. */
  readonly blocks: Map<string, Map<string, Buffer>>;
}

const BASE = '/account/container';

export const AZURE_TOKEN = 'a-token-of-entra';

/**
 * What Azure does, as far as the driver asks for it by token: one container, `container` of `account`, that copies ranges
 * of its own blobs as the emulators do not.
 */
export function startFakeAzure(): Promise<FakeStore> {
  const container: Container = { blobs: new Map(), blocks: new Map() };
  return startFakeStore((request) => {
    const { method, path, query, headers } = request;
    if (headers.authorization !== `Bearer ${AZURE_TOKEN}`)
      return problem(403, 'AuthenticationFailed');
    if (query.get('comp') === 'userdelegationkey') return { status: 200, body: DELEGATION };
    if (path === BASE) return list(container, request);
    if (!path.startsWith(`${BASE}/`)) return problem(404, 'ContainerNotFound');
    const name = decodeURIComponent(path.slice(BASE.length + 1));
    if (method === 'PUT') return put(container, name, request);
    return method === 'DELETE' ? remove(container, name, request) : get(container, name, request);
  });
}

/** The value is of no use: it is what links are signed with. */
const DELEGATION = `<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid>
<SignedStart>2026-01-01T00:00:00Z</SignedStart><SignedExpiry>2026-01-02T00:00:00Z</SignedExpiry>
<SignedService>b</SignedService><SignedVersion>2021-12-02</SignedVersion><Value>c2VjcmV0</Value></UserDelegationKey>`;

function problem(status: number, code: string): FakeReply {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It is so.\nAnd more</Message></Error>`;
  return { status, headers: { 'x-ms-error-code': code }, body };
}

const ABSENT = problem(404, 'BlobNotFound');

function unmet(
  { blobs }: Container,
  name: string,
  { headers }: FakeRequest,
): FakeReply | undefined {
  const found = blobs.get(name);
  if (headers['if-none-match'] === '*' && found) return problem(409, 'BlobAlreadyExists');
  const wanted = headers['if-match'];
  const isUnmet = wanted !== undefined && wanted !== `"${found?.version}"`;
  return isUnmet ? problem(412, 'ConditionNotMet') : undefined;
}

function put(container: Container, name: string, request: FakeRequest): FakeReply {
  const { query, headers, body } = request;
  const id = query.get('blockid');
  if (id !== null) return putBlock(container, { name, id }, request);
  const refused = unmet(container, name, request);
  if (refused !== undefined) return refused;
  const ids = [...body.toString().matchAll(/<Latest>(.*?)<\/Latest>/g)].map(
    ([, text = '']) => text,
  );
  const isList = query.get('comp') === 'blocklist';
  const source = sourceOf(container, request);
  const parts = isList
    ? ids.map((each) => container.blocks.get(name)?.get(each))
    : [source ?? body];
  if (headers['x-ms-copy-source'] !== undefined && source === undefined) return ABSENT;
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return problem(400, 'InvalidBlockList');
  container.blocks.delete(name);
  return store(container, name, { bytes: Buffer.concat(known), request });
}

let writes = 0;

function store(
  { blobs }: Container,
  name: string,
  { bytes, request }: { readonly bytes: Buffer; readonly request: FakeRequest },
): FakeReply {
  const [version, at] = [`0x8D${(++writes).toString(16)}`, new Date()];
  blobs.set(name, { bytes, version, at, nonce: String(request.headers['x-ms-meta-nonce']) });
  return { status: 201, headers: { etag: `"${version}"`, 'last-modified': at.toUTCString() } };
}

function putBlock(
  container: Container,
  { name, id }: { readonly name: string; readonly id: string },
  request: FakeRequest,
): FakeReply {
  const source = sourceOf(container, request);
  if (request.headers['x-ms-copy-source'] !== undefined && source === undefined) return ABSENT;
  const blocks = container.blocks.get(name) ?? new Map<string, Buffer>();
  container.blocks.set(name, blocks.set(id, source ?? request.body));
  return { status: 201 };
}

/** What is to be copied, or a range of it, when whoever asks may read it. */
function sourceOf({ blobs }: Container, { headers }: FakeRequest): Buffer | undefined {
  const { 'x-ms-copy-source': url, 'x-ms-source-range': range } = headers;
  const mayRead = headers['x-ms-copy-source-authorization'] === `Bearer ${AZURE_TOKEN}`;
  if (url === undefined || !mayRead) return undefined;
  const name = decodeURIComponent(new URL(String(url)).pathname.slice(BASE.length + 1));
  const found = blobs.get(name);
  return found && ranged(found.bytes, range === undefined ? undefined : String(range))?.part;
}

function get({ blobs }: Container, name: string, { headers }: FakeRequest): FakeReply {
  const found = blobs.get(name);
  if (found === undefined) return ABSENT;
  const asked = ranged(found.bytes, headers.range);
  if (asked === undefined) return problem(416, 'InvalidRange');
  const told = {
    etag: `"${found.version}"`,
    'last-modified': found.at.toUTCString(),
    'x-ms-meta-nonce': found.nonce,
  };
  return { status: 200, headers: { ...told, ...asked.headers }, body: asked.part };
}

function remove(container: Container, name: string, request: FakeRequest): FakeReply {
  if (!container.blobs.has(name)) return ABSENT;
  const refused = unmet(container, name, request);
  if (refused !== undefined) return refused;
  container.blobs.delete(name);
  return { status: 202 };
}

function list({ blobs }: Container, { query }: FakeRequest): FakeReply {
  const {
    names,
    cut,
    next = '',
  } = fakePage(blobs.keys(), {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    start: decodeURIComponent(query.get('marker') ?? ''),
    limit: Number(query.get('maxresults')),
  });
  const entries = names.map((name) => {
    const found = blobs.get(name);
    const facts = `<Last-Modified>${found?.at.toUTCString()}</Last-Modified><Etag>${found?.version}</Etag>`;
    const size = `<Content-Length>${found?.bytes.byteLength}</Content-Length>`;
    return `<Blob>${nameOf(name)}<Properties>${facts}${size}</Properties></Blob>`;
  });
  const prefixes = cut.map((name) => `<BlobPrefix>${nameOf(name)}</BlobPrefix>`);
  const marker =
    next === '' ? '<NextMarker />' : `<NextMarker>${encodeURIComponent(next)}</NextMarker>`;
  const inside = `<Blobs>${[...entries, ...prefixes].join('')}</Blobs>${marker}`;
  return { status: 200, body: `<EnumerationResults>${inside}</EnumerationResults>` };
}

/** Escaped when XML could not write it, as Azure does. */
function nameOf(name: string): string {
  if (/[\ufffe\uffff]/.test(name)) return `<Name Encoded="true">${encodeURIComponent(name)}</Name>`;
  const text = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<Name>${text}</Name>`;
}
