// SPDX-License-Identifier: Apache-2.0
// A registry, and a bucket that holds nine of ten images of it and what is remembered of it: `node bench/mirror-plan-site.ts PORT IMAGES`.
import { createServer, type ServerResponse } from 'node:http';
import { OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { sourceFolder } from '../src/mirror/source-memory.ts';
import { sha256Of } from './sha256-of.ts';

const EACH = 100;
const OWN_BLOBS = 10;
const SHARED_BLOBS = 3;
const SHARED = 1_000;
const PAGE = 1_000;
const PREFIX = 'containers/images/';
const BLOB_BYTES = 3_000_000;
const MANIFEST_BYTES = 2_500;

const [port = 0, images = 100_000] = process.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${port}`;
const lookedAt = Date.now();
const digestOf = (text: string) => `sha256:${sha256Of(Buffer.from(text))}`;

const ownBlobs = (image: number) =>
  Array.from({ length: OWN_BLOBS }, (_, place) => digestOf(`blob ${image} ${place}`));
const sharedBlob = (place: number) => digestOf(`shared ${place % SHARED}`);

/** What the bucket lists, in order. */
const held = [...Array(SHARED).keys()].map((place) => `${sharedBlob(place)} ${BLOB_BYTES}`);
for (let image = 0; image < images * 0.9; image += 1) {
  held.push(`${digestOf(`manifest ${image}`)} ${MANIFEST_BYTES}`);
  for (const digest of ownBlobs(image)) held.push(`${digest} ${BLOB_BYTES}`);
}
held.sort();

const names = Array.from({ length: images / EACH }, (_, place) => `bench/image-${place}`);
const placeOf = new Map(names.map((name, place) => [`/v2/${name}/tags/list`, place]));
const folder = sourceFolder(origin);
const known = new Map(
  names.map((name, place) => [
    `/bucket/${folder}/${sha256Of(Buffer.from(name))}.json`,
    place * EACH,
  ]),
);
const tags = Array.from({ length: EACH }, (_, place) => `v${place}`);

/** As the mirror remembers a repository. */
function rememberedOf(first: number): string {
  const own = tags.map((tag, place) => [tag, digestOf(`manifest ${first + place}`)] as const);
  const manifests = own.map(([, digest], place) => {
    const shared = Array.from({ length: SHARED_BLOBS }, (_, count) => sharedBlob(first + count));
    const blobs = [...ownBlobs(first + place), ...shared].map((blob) => [blob, BLOB_BYTES]);
    const nothing = { manifests: [], foreign: 0, referrers: [] };
    return { digest, mediaType: OCI_MANIFEST, size: MANIFEST_BYTES, blobs, ...nothing };
  });
  const document = { version: 1, referrersAt: lookedAt, tags: Object.fromEntries(own), manifests };
  return JSON.stringify(document);
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', origin);
  const first = known.get(pathname);
  if (pathname === '/v2/_catalog') return sendJson(response, { repositories: names });
  if (placeOf.has(pathname)) return sendJson(response, { name: pathname.slice(4, -10), tags });
  if (searchParams.has('list-type')) return sendPage(response, searchParams);
  if (first !== undefined) {
    response.setHeader('etag', '"1"').setHeader('last-modified', new Date(lookedAt).toUTCString());
    return void response.end(rememberedOf(first));
  }
  response.writeHead(404).end();
}).listen(port, '127.0.0.1');

function sendJson(response: ServerResponse, document: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
}

/** Of the first that comes after a digest. */
function placeBehind(digest: string): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((held[middle] ?? '').slice(0, digest.length) <= digest) low = middle + 1;
    else high = middle;
  }
  return digest === '' ? 0 : low;
}

function sendPage(response: ServerResponse, query: URLSearchParams): void {
  const start = placeBehind(query.get('start-after')?.slice(PREFIX.length) ?? '');
  const isListed = query.get('prefix')?.startsWith(PREFIX) === true;
  const page = isListed ? held.slice(start, start + PAGE) : [];
  const next = start + PAGE;
  const isCut = isListed && next < held.length;
  const entries = page.map((line) => {
    const [digest, size] = line.split(' ');
    const about =
      '<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"0123456789abcdef"</ETag>';
    return `<Contents><Key>${PREFIX}${digest}</Key>${about}<Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  response
    .setHeader('content-type', 'application/xml')
    .end(
      `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>bucket</Name><IsTruncated>${isCut}</IsTruncated>${entries.join('')}</ListBucketResult>`,
    );
}
