// SPDX-License-Identifier: Apache-2.0
// A registry of one repository whose layers are made up as they are sent: `node bench/mirror-upstream.ts PORT GIB`.
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { sha256Of } from './sha256-of.ts';

const MIB = 1024 * 1024;
const LAYER_MIB = 64;
const LAYERS_EACH = 8;

const PIECE = Buffer.alloc(MIB, 'layer');
const PIECES = LAYER_MIB - 1;

/** The pieces of a layer, the last of which is its own: none takes memory for itself, and hashing costs once. */
function* piecesOf(number: number): Generator<Uint8Array> {
  for (let count = 0; count < PIECES; count += 1) yield PIECE;
  yield lastOf(number);
}

function lastOf(number: number): Uint8Array {
  return Buffer.alloc(MIB, String(number).padStart(8, '0'));
}

const common = createHash('sha256');
for (let count = 0; count < PIECES; count += 1) common.update(PIECE);

function digestOfLayer(number: number): string {
  return `sha256:${common.copy().update(lastOf(number)).digest('hex')}`;
}

const [port, gibibytes] = process.argv.slice(2).map(Number);
const layers = Array.from({ length: ((gibibytes ?? 1) * 1024) / LAYER_MIB }, (_, number) => ({
  number,
  digest: digestOfLayer(number),
}));
const documents = new Map<string, { readonly type: string; readonly text: string }>();
documents.set('/v2/', { type: 'application/json', text: '{}' });
const config = { mediaType: OCI_CONFIG, digest: digestOf('{}'), size: 2 };
documents.set(`/v2/bench/blobs/${config.digest}`, { type: 'application/octet-stream', text: '{}' });
const tags: string[] = [];
for (let first = 0; first < layers.length; first += LAYERS_EACH) {
  const own = layers.slice(first, first + LAYERS_EACH).map(({ digest }) => ({
    mediaType: OCI_LAYER_GZIP,
    digest,
    size: LAYER_MIB * MIB,
  }));
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: own };
  const text = JSON.stringify(document);
  tags.push(`v${first}`);
  for (const reference of [`v${first}`, digestOf(text)]) {
    documents.set(`/v2/bench/manifests/${reference}`, { type: OCI_MANIFEST, text });
  }
}
const list = JSON.stringify({ name: 'bench', tags });
documents.set('/v2/bench/tags/list?n=1000', { type: 'application/json', text: list });
const byPath = new Map(layers.map(({ number, digest }) => [`/v2/bench/blobs/${digest}`, number]));

createServer((request, response) => {
  const path = request.url ?? '';
  const document = documents.get(path);
  const layer = byPath.get(path);
  if (document !== undefined) {
    response.writeHead(200, { 'content-type': document.type }).end(document.text);
  } else if (layer !== undefined) sendLayer(response, layer);
  else response.writeHead(404).end();
}).listen(port, '127.0.0.1');

function digestOf(text: string): string {
  return `sha256:${sha256Of(Buffer.from(text))}`;
}

function sendLayer(response: ServerResponse, number: number): void {
  response.writeHead(200, { 'content-length': LAYER_MIB * MIB });
  // Whoever leaves half way has seen enough.
  pipeline(Readable.from(piecesOf(number)), response, () => undefined);
}
