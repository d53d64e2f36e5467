// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';

/** The length a request says its body has; undefined when it does not. */
export function statedLength(request: HttpRequest): number | undefined {
  const text = request.header('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export interface BodyLimit {
  /** Bytes. */
  readonly largest: number;
  /** What is too large, for the message. */
  readonly what: string;
}

/**
 * A body up to a size: one that says it is larger is refused before it is read.
 *
 * @throws RegistryError `SIZE_INVALID` with status 413
 */
export function limitedBody(request: HttpRequest, limit: BodyLimit): AsyncIterable<Uint8Array> {
  const stated = statedLength(request);
  if (stated !== undefined && stated > limit.largest) throw tooLarge(limit);
  return upTo(request.body, limit);
}

async function* upTo(
  body: AsyncIterable<Uint8Array>,
  limit: BodyLimit,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (received > limit.largest) throw tooLarge(limit);
    yield chunk;
  }
}

/** Undefined for a body of nothing. */
export async function nonEmpty(
  body: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const first = await chunks.next();
    if (first.done === true) return undefined;
    if (first.value.byteLength > 0) return from(first.value, chunks);
  }
}

async function* from(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

function tooLarge({ largest, what }: BodyLimit): RegistryError {
  return new RegistryError('SIZE_INVALID', `${what} is at most ${largest} bytes`, { status: 413 });
}
