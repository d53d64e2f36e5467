// SPDX-License-Identifier: Apache-2.0
import type { Cell, Metrics } from '../metrics.ts';

export interface ServerCounts {
  answered(status: number, bytes: number): void;
  /** A connection beyond the limit was closed. */
  connectionRefused(): void;
  /** A connection ended before TLS was agreed on. */
  handshakeFailed(code: string | undefined): void;
}

const NOT_COUNTED: ServerCounts = { answered() {}, connectionRefused() {}, handshakeFailed() {} };

/** The metrics of one server, all labelled with its name; `connections` tells how many are open. */
export function serverCounts(
  server: string,
  metrics: Metrics | undefined,
  connections: () => number,
): ServerCounts {
  if (metrics === undefined) return NOT_COUNTED;
  const answers = metrics.counter('archeion_http_answers_total', 'Answers, by server and status.', [
    'server',
    'status',
  ]);
  const sent = metrics
    .counter('archeion_http_sent_bytes_total', 'Bytes of answer bodies.', ['server'])
    .cell(server);
  const refused = metrics
    .counter(
      'archeion_http_connections_refused_total',
      'Connections closed because there were too many.',
      ['server'],
    )
    .cell(server);
  const handshakes = metrics.counter(
    'archeion_tls_handshakes_failed_total',
    'Connections that ended before TLS was agreed on, by the code of what went wrong.',
    ['server', 'code'],
  );
  metrics.gauge('archeion_http_connections', 'Open connections.', () => [
    { labels: { server }, value: connections() },
  ]);

  // Looked up by index: the two label look-ups would be paid by every request.
  const byStatus: Array<Cell | undefined> = Array(600).fill(undefined);
  const cellOf = (status: number): Cell => {
    const cell = answers.cell(server, String(status));
    byStatus[status] = cell;
    return cell;
  };
  return {
    answered(status, bytes) {
      (byStatus[status] ?? cellOf(status)).value += 1;
      if (bytes > 0) sent.value += bytes;
    },
    connectionRefused() {
      refused.value += 1;
    },
    handshakeFailed(code = 'unknown') {
      handshakes.cell(server, code).value += 1;
    },
  };
}
