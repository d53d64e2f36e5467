// SPDX-License-Identifier: Apache-2.0
import { silentLog } from '../../src/log.ts';
import type { Handler, HttpAnswer, HttpRequest } from '../../src/protocol/http.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { registryFolder } from './registry-folder.ts';
import { pullAll } from './registry-reading.ts';
import { startTestServer } from './start-server.ts';

export interface PushableRegistry {
  /** `docker://127.0.0.1:<port>`. */
  readonly name: string;
  readonly host: string;
  /** Of every request, its method and target. */
  readonly asked: string[];
  readonly authorizations: Set<string | undefined>;
  /** Everything that a reference leads to, referrers included, each compared with its digest. */
  pulled(repository: string, reference: string): Promise<string[]>;
}

/** What stands before a registry: answers itself, or lets a request pass with undefined. */
export type Meet = (request: HttpRequest) => HttpAnswer | undefined;

/** A registry on loopback that takes pushes. */
export async function pushableRegistry(
  meet: Meet = () => undefined,
  storage: StorageDriver = memoryDriver(),
): Promise<PushableRegistry> {
  const usual = registryHandler({ log: silentLog, storage });
  const asked: string[] = [];
  const authorizations = new Set<string | undefined>();
  const handler: Handler = (request) => {
    asked.push(`${request.method} ${request.target}`);
    authorizations.add(request.header('authorization'));
    return meet(request) ?? usual(request);
  };
  const { port } = await startTestServer(handler);
  const host = `127.0.0.1:${port}`;
  const pulled = (repository: string, reference: string) => pullAll(usual, repository, reference);
  return { name: `docker://${host}`, host, asked, authorizations, pulled };
}

/** The same, with `team/app:v1` and `:v2` of two platforms and a referrer, and `other:v1`. */
export async function filledRegistry(meet?: Meet) {
  const { storage, index, platforms, referrer } = await registryFolder();
  return { ...(await pushableRegistry(meet, storage)), index, platforms, referrer };
}

/** Requests that change something. */
export function changes(asked: readonly string[]): readonly string[] {
  return asked.filter((line) => !/^(?:GET|HEAD) /.test(line));
}
