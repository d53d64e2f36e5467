// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import { UpstreamError } from '../../upstream/upstream-error.ts';
import type { WebhookClient } from '../../upstream/webhook-client.ts';
import { CLOUD_EVENT_TYPE, cloudEventOf } from './cloud-event.ts';
import type { RegistryEvent } from './registry-event.ts';
import { signedHeaders } from './sign-webhook.ts';

export interface DeliveryOptions {
  readonly endpoint: string;
  readonly source: string;
  readonly attempts: number;
}

export interface DeliveryPorts {
  readonly client: Pick<WebhookClient, 'post'>;
  /** Asked for each attempt, since it may be replaced. */
  readonly secret: () => Promise<string>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves early when it is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** An attempt failed, and there will be another one. */
  readonly retried: () => void;
}

/** Why an endpoint did not take an event. */
export type Refusal =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter: number | undefined }
  | { readonly kind: 'failed'; readonly code: string };

export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dead'; readonly last: Refusal }
  /** Nobody knows whether it was: somebody else has to see to it. */
  | { readonly kind: 'stopped' };

/** Milliseconds: doubled each time, spread by a half. */
const BACKOFF = { first: 1_000, longest: 300_000 };
/** Milliseconds that an endpoint may have us wait. */
const LONGEST_ASKED = 3_600_000;
/** It says that it will never again take any: to try once more would be a nuisance. */
const GONE = 410;

/** Sends one event until it is taken, or given up. */
export async function deliverEvent(
  event: RegistryEvent,
  options: DeliveryOptions,
  ports: DeliveryPorts & { readonly signal: AbortSignal },
): Promise<Delivery> {
  const { log, sleep, signal } = ports;
  const { endpoint, attempts } = options;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const refusal = await send(event, options, ports);
    if (refusal === undefined) return { kind: 'delivered' };
    if (signal.aborted) break;
    const isOver = refusal.kind === 'status' && refusal.status === GONE;
    if (attempt >= attempts || isOver) return { kind: 'dead', last: refusal };
    const wait = waitAfter(refusal, attempt, ports.random());
    log.warn('event-refused', { endpoint, id: event.id, ...fieldsOf(refusal), attempt, wait });
    ports.retried();
    await sleep(wait, signal);
  }
  return { kind: 'stopped' };
}

/** Undefined when it was taken. */
async function send(
  event: RegistryEvent,
  { source }: DeliveryOptions,
  { client, secret, now, signal }: DeliveryPorts & { readonly signal: AbortSignal },
): Promise<Refusal | undefined> {
  const body = cloudEventOf(event, source);
  try {
    const message = { id: event.id, timestamp: Math.floor(now() / 1_000), body };
    const headers = {
      'content-type': CLOUD_EVENT_TYPE,
      ...signedHeaders(await secret(), message),
    };
    const { status, retryAfter } = await client.post(headers, body, signal);
    return status >= 200 && status < 300 ? undefined : { kind: 'status', status, retryAfter };
  } catch (error) {
    // A secret that cannot be read passes as well, once somebody has put it back.
    return { kind: 'failed', code: error instanceof UpstreamError ? error.code : 'secret' };
  }
}

function waitAfter(refusal: Refusal, attempt: number, random: number): number {
  const longest = Math.min(BACKOFF.first * 2 ** (attempt - 1), BACKOFF.longest);
  const asked = refusal.kind === 'status' ? (refusal.retryAfter ?? 0) : 0;
  return Math.round(Math.max(longest * (0.5 + random / 2), Math.min(asked, LONGEST_ASKED)));
}

export function fieldsOf(refusal: Refusal): Readonly<Record<string, string | number>> {
  return refusal.kind === 'status' ? { status: refusal.status } : { code: refusal.code };
}
