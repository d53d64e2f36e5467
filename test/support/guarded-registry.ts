// SPDX-License-Identifier: Apache-2.0
import { buffer } from 'node:stream/consumers';
import { silentLog } from '../../src/log.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../../src/protocol/http.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { registryFolder } from './registry-folder.ts';
import { startTestServer } from './start-server.ts';

/** A request as a service of somebody else got it. */
export interface Overheard {
  readonly method: string;
  readonly target: string;
  readonly header: HttpRequest['header'];
  readonly body: string;
}

export interface OverhearingServer {
  readonly url: string;
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly requests: readonly Overheard[];
}

/** A service that keeps what it was asked, and answers with what the test says. */
export async function overhearing(
  answer: (request: Overheard) => object | number,
): Promise<OverhearingServer> {
  const requests: Overheard[] = [];
  const server = await startTestServer(async (request) => {
    const body = (await buffer(request.body)).toString();
    const { method, target } = request;
    const overheard = { method, target, body, header: (name: string) => request.header(name) };
    requests.push(overheard);
    const said = answer(overheard);
    return typeof said === 'number' ? empty(said) : jsonAnswer(said);
  });
  return { url: server.url, host: `127.0.0.1:${server.port}`, requests };
}

function empty(status: number): HttpAnswer {
  return { status, headers: [], body: 'a secret of the service' };
}

function jsonAnswer(value: object): HttpAnswer {
  const headers = ['Content-Type', 'application/json'];
  return { status: 200, headers, body: JSON.stringify(value) };
}

export interface GuardedRegistry {
  readonly url: string;
  readonly host: string;
  /** Every value of `Authorization` it was sent, but for those it let in. */
  readonly refused: ReadonlyArray<string | undefined>;
}

/** A registry that lets in whoever sends one value of `Authorization`. */
export async function guardedRegistry(
  expected: string,
  challenge: string,
): Promise<GuardedRegistry> {
  const { storage } = await registryFolder();
  const usual = pullHandler({ storage, log: silentLog });
  const refused: Array<string | undefined> = [];
  const handler: Handler = (request) => {
    const sent = request.header('authorization');
    if (sent === expected) return usual(request);
    refused.push(sent);
    return { status: 401, headers: ['WWW-Authenticate', challenge], body: '' };
  };
  const server = await startTestServer(handler);
  return { url: server.url, host: `127.0.0.1:${server.port}`, refused };
}
