// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest, LogFacts } from '../../protocol/http.ts';

export interface Listeners {
  /** Bytes of the body, as they are read. */
  readonly received?: (bytes: number) => void;
  readonly noted?: (facts: LogFacts) => void;
}

/** The same request, with somebody listening to what becomes of it. Nothing of it is asked for before the handler asks. */
export function derivedRequest(request: HttpRequest, { received, noted }: Listeners): HttpRequest {
  return {
    method: request.method,
    target: request.target,
    peer: request.peer,
    header: (name) => request.header(name),
    get body() {
      return received === undefined ? request.body : counted(request.body, received);
    },
    get signal() {
      return request.signal;
    },
    get id() {
      return request.id ?? '';
    },
    note(facts) {
      noted?.(facts);
      request.note?.(facts);
    },
  };
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  received: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    received(chunk.byteLength);
    yield chunk;
  }
}
