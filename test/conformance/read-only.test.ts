// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { UPLOAD_LIMITS } from '../../src/http/limits.ts';
import { startServer } from '../../src/http/node-server.ts';
import { requestLog } from '../../src/http/request-log.ts';
import { silentLog } from '../../src/log.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { bucketHandler } from '../../src/registry/bucket-handler.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { CONTENT_KINDS } from '../support/conformance/content-kinds.ts';
import type { ContentSet } from '../support/conformance/content-set.ts';
import { pushSet } from '../support/conformance/push-set.ts';
import { readOnlyConformance } from '../support/conformance/read-only-conformance.ts';
import { wireTo } from '../support/conformance/wire.ts';
import { startFront } from '../support/running-command.ts';

/** A registry that was filled, itself read-only on another port, and a bucket with all its blobs. */
interface Site {
  readonly sets: ReadonlyMap<string, ContentSet>;
  readonly registry: string;
  readonly bucket: string;
}

const closing: Array<() => Promise<unknown>> = [];
let site: Site;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-read-only-'));
  site = await filledSite();
});
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await rm(folder, { recursive: true });
});

async function listen(handler: Handler): Promise<string> {
  const server = await startServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    handler,
    log: silentLog,
    requestLog: requestLog('test', 1, silentLog),
    limits: UPLOAD_LIMITS,
  });
  closing.push(() => server.close());
  return `http://127.0.0.1:${server.address.port}`;
}

async function filledSite(): Promise<Site> {
  const [storage, objects] = [memoryDriver(), memoryDriver()];
  const wire = wireTo(await listen(registryHandler({ storage, log: silentLog })));
  const sets = new Map<string, ContentSet>();
  for (const [index, [, make]] of CONTENT_KINDS.entries()) {
    const [repository, set] = [`kinds/of-${index}`, make()];
    await pushSet({ wire, repository }, set);
    sets.set(repository, set);
    for (const { digest, bytes } of set.blobs.values()) {
      await objects.write(`containers/images/${digest}`, Buffer.from(bytes));
    }
  }
  const settings = { readOnly: true };
  const registry = await listen(registryHandler({ storage, log: silentLog, settings }));
  return { sets, registry, bucket: await listen(bucketHandler(objects)) };
}

/** `archeion serve` in front of it. */
async function frontOf(name: string, rule: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
upstreams: [{ name: main, url: "${site.registry}" }]
backends: [{ name: bucket, url: "${site.bucket}" }]
routing: [${rule}]
shutdown: { grace: 50ms }
`,
  );
  const front = await startFront(['--config', file]);
  closing.push(front.stop);
  return front.url;
}

describe('a registry that takes no pushes', () => {
  readOnlyConformance(() => ({ ...site, wire: wireTo(site.registry), fromBucket: false }));
});

describe.each([
  ['sends every pull to the registry', '{ blobs: [upstream] }', false],
  ['sends blobs to a bucket', '{ blobs: [bucket] }', true],
  ['fetches for its clients', '{ blobs: [upstream], deliver: proxy }', false],
] as const)('the front that %s', (name, rule, fromBucket) => {
  let url: string;
  beforeAll(async () => {
    url = await frontOf(name, rule);
  });
  readOnlyConformance(() => ({ ...site, wire: wireTo(url), fromBucket }));
});
