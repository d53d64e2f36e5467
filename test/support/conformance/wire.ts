// SPDX-License-Identifier: Apache-2.0

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
      // The types of fetch do not know `duplex`, and it refuses a stream without it.
      const init = {
        method,
        ...(headers && { headers }),
        ...(body && { body, duplex: 'half' }),
      } as RequestInit;
      const answer = await fetch(new URL(path, `${url}/v2/`), init);
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
