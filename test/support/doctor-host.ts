// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { FakeAnswer } from './fake-upstream.ts';

export interface HostRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface DoctorHost {
  readonly url: URL;
  readonly requests: readonly HostRequest[];
}

/** A host of a pull on loopback, closed when the test is finished. Undefined is a bare 404. */
export async function startDoctorHost(
  answer: (request: HostRequest) => FakeAnswer | undefined,
): Promise<DoctorHost> {
  const requests: HostRequest[] = [];
  const server = createServer(({ method = '', url = '', headers }, response) => {
    const { range, authorization } = headers;
    const request = { method, target: url, range, authorization };
    requests.push(request);
    const { status = 200, headers: own = {}, body, write } = answer(request) ?? { status: 404 };
    for (const [name, value] of Object.entries(own)) response.setHeader(name, [value].flat());
    response.writeHead(status);
    if (write === undefined) response.end(body);
    else write(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  return { url: new URL(`http://127.0.0.1:${port}`), requests };
}
