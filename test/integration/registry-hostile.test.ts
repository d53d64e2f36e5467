// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UPLOAD_LIMITS } from '../../src/http/limits.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { head, sendRaw } from '../support/raw-http.ts';
import { type RegistryClient, registryClient } from '../support/registry-client.ts';
import { imageOf, pushImage } from '../support/registry-pushes.ts';
import { startTestServer } from '../support/start-server.ts';
import { keysIn } from '../support/storage-reading.ts';

const IMAGE = imageOf('layer');
/** What another parser takes for the body of the request before it. */
const HIDDEN = head('DELETE /v2/app/manifests/v1 HTTP/1.1');
const LENGTH = `Content-Length: ${HIDDEN.length + 5}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const UPLOAD = `POST /v2/app/blobs/uploads/?digest=${digestOf('layer 2')} HTTP/1.1`;
const PUT = 'PUT /v2/app/manifests/v2 HTTP/1.1';

/** A registry behind a socket, with one tag that is not to go. */
async function started(): Promise<{ readonly client: RegistryClient; readonly port: number }> {
  const client = registryClient();
  await pushImage({ client, repository: 'app', reference: 'v1' }, IMAGE);
  const { port } = await startTestServer(client.handler, { limits: UPLOAD_LIMITS });
  return { client, port };
}

test.each([
  ['an upload with two lengths of its body', head(UPLOAD, LENGTH, CHUNKED)],
  ['an upload with two lengths, the other first', head(UPLOAD, CHUNKED, LENGTH)],
  ['a manifest with two lengths', head(PUT, LENGTH, 'Content-Length: 5')],
  ['a manifest of a folded coding', head(PUT, 'Transfer-Encoding:\r\n chunked')],
  ['a pull with a body', head('GET /v2/app/manifests/v1 HTTP/1.1', LENGTH, CHUNKED)],
  ['a chunk whose size is none', `${head(UPLOAD, CHUNKED)}0x5\r\nhello\r\n`],
])('threat 27: %s deletes nothing and stores nothing', async (_, begin) => {
  const { client, port } = await started();
  const before = await keysIn(client.storage, '');
  const { statuses } = await sendRaw(port, `${begin}0\r\n\r\n${HIDDEN}`);
  expect(statuses).toEqual([400]);
  expect(await keysIn(client.storage, '')).toEqual(before);
});

/** Names, tags and parameters that would end a header line if they came into one. */
const LINE = '%0d%0aSet-Cookie:%20a=b';

test.each([
  ['GET', `/v2/app${LINE}/manifests/v1`, 400],
  ['GET', `/v2/app/manifests/v1${LINE}`, 400],
  ['GET', `/v2/app/blobs/${digestOf('layer')}${LINE}`, 400],
  ['GET', `/v2/app/tags/list?n=1&last=${LINE}`, 200],
  ['GET', `/v2/app/tags/list?n=1${LINE}`, 400],
  ['GET', `/v2/app/referrers/${digestOf(IMAGE)}?artifactType=${LINE}`, 200],
  ['GET', `/v2/app/referrers/${digestOf(IMAGE)}?artifactType=%C3%A9`, 200],
  ['PUT', `/v2/app/manifests/v1${LINE}`, 400],
  ['PUT', `/v2/app/manifests/v1?tag=v2${LINE}`, 400],
  ['POST', `/v2/app${LINE}/blobs/uploads/`, 400],
  ['POST', `/v2/app/blobs/uploads/?digest=${digestOf('layer')}${LINE}`, 400],
  ['POST', `/v2/app/blobs/uploads/?mount=${digestOf('layer')}&from=a${LINE}`, 202],
  ['GET', `/v2/app/blobs/uploads/${'a'.repeat(32)}${LINE}`, 404],
  ['PATCH', `/v2/app/blobs/uploads/${LINE}`, 404],
  ['DELETE', `/v2/app/manifests/${LINE}`, 400],
])('threat 28: %s %s is answered with %i, and with no header of its own', async (...asked) => {
  const [method, target, status] = asked;
  const { port } = await started();
  const headers = { 'content-type': JSON.parse(IMAGE).mediaType };
  const body = method === 'PUT' ? { body: IMAGE } : {};
  const answer = await fetch(`http://127.0.0.1:${port}${target}`, { method, headers, ...body });
  expect(answer.status).toBe(status);
  expect(answer.headers.has('set-cookie')).toBe(false);
});

test.each([
  ['a line end', '"application/x\\r\\nSet-Cookie: a=b"'],
  ['letters that are no ASCII', '"application/é"'],
  ['a letter beyond a byte', '"application/\\u2028x"'],
  ['NUL', '"application/x\\u0000"'],
])('threat 28: a media type with %s is never one to answer with', async (_, mediaType) => {
  const { client, port } = await started();
  const manifest = `{"mediaType":${mediaType},"layers":[]}`;
  const url = `http://127.0.0.1:${port}/v2/app/manifests/v2`;
  const answer = await fetch(url, { method: 'PUT', body: new Blob([manifest]) });
  expect(answer.status).toBe(400);
  expect(await keysIn(client.storage, 'repositories/app/_tags/')).toHaveLength(1);
});
