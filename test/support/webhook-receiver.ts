// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const SECRET = 'a-secret-of-webhooks-in-tests';

export interface Received {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** By somebody who has {@link SECRET}. */
  readonly isSigned: boolean;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** In the order in which they came first. */
  subjects(): readonly string[];
}

/** Takes everything, unless `answer` says otherwise, to which the number of the request is given from 1. */
export async function webhookReceiver(
  answer: (response: ServerResponse, count: number) => void = (response) =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { id, type, subject } = JSON.parse(body);
    const { headers } = request;
    received.push({ id, type, subject, body, headers, isSigned: isSigned(headers, body) });
    answer(response, received.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    subjects: () => [
      ...new Map(received.map(({ id, type, subject }) => [id, `${type} ${subject}`])).values(),
    ],
  };
}

function isSigned(headers: IncomingMessage['headers'], body: string): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', SECRET).update(signed).digest('base64');
  return headers['webhook-signature'] === `v1,${expected}`;
}
