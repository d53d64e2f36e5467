// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { requestWith, someRequest } from '../../../test/support/registry-requests.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { openMetrics } from '../../metrics.ts';
import type { Handler, HttpRequest } from '../../protocol/http.ts';
import { countingRequests } from './request-metrics.ts';

const PUSH = `/v2/app/blobs/uploads/?digest=sha256:${'a'.repeat(64)}`;

async function samples(handler: Handler, ...requests: readonly HttpRequest[]) {
  const metrics = openMetrics();
  const counted = countingRequests(handler, metrics);
  for (const request of requests) await Promise.resolve(counted(request)).catch(() => undefined);
  const lines = (await metrics.expose()).split('\n');
  return lines.filter((line) => line.startsWith('archeion_registry_') && !line.endsWith(' 0'));
}

test.each([
  [201, 'ok'],
  [307, 'ok'],
  [401, 'denied'],
  [403, 'denied'],
  [404, 'not-found'],
  [413, 'invalid'],
  [416, 'conflict'],
  [429, 'limited'],
  [503, 'failed'],
])('an answer of %i counts as %s', async (status, outcome) => {
  const found = await samples(() => ({ status, headers: [] }), someRequest('/v2/app/tags/list'));
  expect(found).toEqual([
    `archeion_registry_requests_total{operation="tags-list",outcome="${outcome}"} 1`,
  ]);
});

test('a refusal counts by its status, and a failure as one', async () => {
  const failures: unknown[] = [new RegistryError('DENIED', 'no'), new Error('the disk is gone')];
  const handler = () => {
    throw failures.shift();
  };
  const request = someRequest('/v2/app/manifests/v1', {}, 'PUT');
  expect(await samples(handler, request, request)).toEqual([
    'archeion_registry_requests_total{operation="manifest-push",outcome="denied"} 1',
    'archeion_registry_requests_total{operation="manifest-push",outcome="failed"} 1',
  ]);
});

test('a client that left is no failure of ours', async () => {
  const handler = async () => {
    throw new Error('aborted');
  };
  const request = { ...someRequest(PUSH, {}, 'POST'), signal: AbortSignal.abort() };
  expect(await samples(handler, request)).toEqual([
    'archeion_registry_requests_total{operation="blob-push",outcome="gone"} 1',
  ]);
});

test('a mount that became an upload found nothing', async () => {
  const request = someRequest('/v2/app/blobs/uploads/?mount=x', {}, 'POST');
  expect(await samples(() => ({ status: 202, headers: [] }), request)).toEqual([
    'archeion_registry_requests_total{operation="mount",outcome="not-found"} 1',
  ]);
});

test('bodies are counted as they are read, and what reaches the handler is the same request', async () => {
  const seen: string[] = [];
  const handler: Handler = async ({ method, target, peer, body, header, signal }) => {
    let text = '';
    for await (const chunk of body) text += Buffer.from(chunk);
    seen.push(method, target, peer, text, header('x') ?? '', String(signal.aborted));
    return { status: 201, headers: [] };
  };
  const found = await samples(handler, requestWith('12345', someRequest(PUSH, { x: 'y' }, 'POST')));
  expect(seen).toEqual(['POST', PUSH, '192.0.2.1', '12345', 'y', 'false']);
  expect(found).toContain('archeion_registry_received_bytes_total{operation="blob-push"} 5');
});

test('uploads are under way until they are answered', async () => {
  const metrics = openMetrics();
  let during = '';
  const handler = async () => {
    during = await metrics.expose();
    return { status: 201, headers: [] };
  };
  await countingRequests(handler, metrics)(someRequest(PUSH, {}, 'POST'));
  expect(during).toContain('archeion_registry_uploads_under_way 1');
  expect(await metrics.expose()).toContain('archeion_registry_uploads_under_way 0');
});
