// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';

export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of a message by which its receiver knows that it is from us, and recent.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  secret: string,
  { id, timestamp, body }: SignedMessage,
): Readonly<Record<string, string>> {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${hmac.digest('base64')}`,
  };
}

const SHORTEST = 24;

/** What is wrong with a secret, as text. */
export function secretProblem(secret: string): string | undefined {
  if (secret.length < SHORTEST) return `has fewer than ${SHORTEST} characters`;
  return new Set(secret).size < 8 ? 'can be guessed' : undefined;
}

/** With the prefix of the specification it is bytes in base64, else it is what it is. */
function keyOf(secret: string): Buffer {
  const prefix = 'whsec_';
  return secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret);
}
