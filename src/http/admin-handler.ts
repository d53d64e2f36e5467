// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import type { Metrics } from '../metrics.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../protocol/http.ts';

export interface AdminPorts {
  /** The names of the checks that fail; none when the process may be sent requests. */
  readonly ready: () => readonly string[];
  /** What is amiss though it may: named among the problems, and no reason to stay away. */
  readonly degraded?: () => readonly string[];
  readonly metrics: Pick<Metrics, 'expose'>;
  /** For every other path: the operator page, say. */
  readonly otherwise?: Handler;
}

/**
 * The port for whoever operates the process: `/livez`, `/readyz`, `/metrics`. Alive says only that it
 * answers: restarting it because something else is down helps nobody.
 */
export function adminHandler(ports: AdminPorts): Handler {
  const { ready, degraded = () => [], metrics, otherwise = notFound } = ports;
  return (request) => {
    const [path = '', query = ''] = request.target.split('?', 2);
    switch (path) {
      case '/livez':
        assertReads(request);
        return plainText(200, 'ok\n');
      case '/readyz':
        assertReads(request);
        if (!wantsDetail(request, query)) return shortReadiness(ready());
        return readiness(ready(), degraded());
      case '/metrics':
        assertReads(request);
        return metrics.expose().then((text) => plainText(200, text));
      default:
        return otherwise(request);
    }
  };
}

function shortReadiness(problems: readonly string[]): HttpAnswer {
  return problems.length === 0 ? plainText(200, 'ok\n') : plainText(503, 'not ready\n');
}

function readiness(problems: readonly string[], lesser: readonly string[]): HttpAnswer {
  const ready = problems.length === 0;
  const body = `${JSON.stringify({ ready, problems: [...problems, ...lesser] })}\n`;
  return answer(ready ? 200 : 503, 'application/json', body);
}

function wantsDetail(request: HttpRequest, query: string): boolean {
  return (
    /(?:^|&)verbose(?:[=&]|$)/.test(query) ||
    (request.header('accept') ?? '').includes('application/json')
  );
}

function plainText(status: number, body: string): HttpAnswer {
  // The version is the Prometheus text format's, and says nothing to anybody else.
  return answer(status, 'text/plain; version=0.0.4; charset=utf-8', body);
}

function answer(status: number, contentType: string, body: string): HttpAnswer {
  return { status, headers: ['Content-Type', contentType, 'Cache-Control', 'no-store'], body };
}

function assertReads({ method }: HttpRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw new RegistryError('UNSUPPORTED', `"${method}" is not supported here`, {
    headers: ['Allow', 'GET, HEAD'],
  });
}

function notFound(): never {
  throw new RegistryError('UNSUPPORTED', 'no such page', { status: 404 });
}
