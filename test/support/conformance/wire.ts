// SPDX-License-Identifier: Apache-2.0
import { sendUncounted } from './uncounted.ts';

export interface WireRequest {
  readonly body?: Uint8Array | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The code of a refusal; undefined for any other answer. */
  readonly code: string | undefined;
}

/** A client on a real socket, which follows redirects and knows nothing of registries but where one is. */
export interface Wire {
  /** @param path below `/v2/`, or a Location */
  send(method: string, path: string, request?: WireRequest): Promise<WireAnswer>;
}

export function wireTo(url: string): Wire {
  return {
    async send(method, path, { body, headers } = {}) {
      const there = new URL(path, `${url}/v2/`);
      const answer =
        body instanceof ReadableStream
          ? await sendUncounted(there, { method, body, ...(headers && { headers }) })
          : await fetch(there, { method, ...(headers && { headers }), ...(body && { body }) });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const { status } = answer;
      return {
        status,
        headers: answer.headers,
        bytes,
        code: status < 400 ? undefined : codeIn(bytes),
      };
    },
  };
}

function codeIn(bytes: Buffer): string | undefined {
  return bytes.byteLength === 0 ? undefined : JSON.parse(bytes.toString()).errors[0].code;
}

/** Where an upload goes on, or what was stored is found. */
export function locationOf({ headers }: WireAnswer): string {
  return headers.get('location') ?? 'no Location was sent';
}

export function digestHeaderOf({ headers }: WireAnswer): string | null {
  return headers.get('docker-content-digest');
}
