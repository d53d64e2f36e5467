// SPDX-License-Identifier: Apache-2.0
import type { LookupFunction } from 'node:net';
import { parseRetryAfter } from './retry.ts';
import { openTransport } from './transport.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Else an address that is not public is not connected to, whatever its name. */
  readonly allowPrivate: boolean;
  /** Milliseconds for one exchange as a whole. */
  readonly timeout: number;
  readonly lookup?: LookupFunction;
}

export interface WebhookAnswer {
  readonly status: number;
  /** Milliseconds that the endpoint asks to wait. */
  readonly retryAfter: number | undefined;
}

/** Sends to one endpoint. Follows nothing, and of an answer only the head is of interest. */
export interface WebhookClient {
  /** @throws UpstreamError */
  post(
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<WebhookAnswer>;
  close(): Promise<void>;
}

export function openWebhook(options: WebhookOptions): WebhookClient {
  const { allowPrivate, timeout, lookup } = options;
  const url = new URL(options.url);
  const limits = { connect: timeout, headers: timeout, idle: timeout, connections: 1 };
  const isConfigured = () => allowPrivate;
  const transport = openTransport({ limits, isConfigured, ...(lookup && { lookup }) });
  return {
    async post(headers, body, stop) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeout), stop]);
      const sent = { 'user-agent': 'archeion', ...headers };
      const answer = await transport.send({ url, method: 'POST', headers: sent, body, signal });
      await answer.discard();
      const retryAfter = parseRetryAfter(answer.header('retry-after'), Date.now());
      return { status: answer.status, retryAfter };
    },
    close: () => transport.close(),
  };
}
