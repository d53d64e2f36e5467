// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What a request looked like when it arrived. */
export interface CapturedRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Writes the body its own way and ends it or does not: for answers that no server should give. */
  readonly write?: (response: ServerResponse) => void;
}

export interface FakeUpstream {
  /** Scheme, host and port. */
  readonly url: string;
  /** `127.0.0.1:<port>`, as lists of hosts name it. */
  readonly host: string;
  readonly requests: readonly CapturedRequest[];
  stop(): Promise<void>;
}

/**
 * A server on the loopback interface that keeps what it was asked and says what the test wants it to say: a
 * registry, a token service, or somebody hostile. Undefined is 404.
 */
export async function startFakeUpstream(
  answer: (request: CapturedRequest) => FakeAnswer | undefined,
): Promise<FakeUpstream> {
  const requests: CapturedRequest[] = [];
  const server = createServer((request, response) => {
    const captured = capture(request);
    requests.push(captured);
    send(answer(captured) ?? { status: 404 }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function capture({ method = '', url = '', headers }: IncomingMessage): CapturedRequest {
  const { authorization, accept } = headers;
  return { method, target: url, authorization, accept };
}

function send(
  { status = 200, headers = {}, body, write }: FakeAnswer,
  response: ServerResponse,
): void {
  response.writeHead(status, { ...headers } as Record<string, string | string[]>);
  if (write === undefined) response.end(body);
  else write(response);
}

/** A JSON answer. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): FakeAnswer {
  return {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** A challenge for a token of this realm. */
export function bearerChallenge(realm: string): FakeAnswer {
  const challenge = `Bearer realm="${realm}",service="registry",scope="repository:other:pull,push"`;
  return { status: 401, headers: { 'www-authenticate': challenge } };
}
