// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type FrontProcess, startFrontProcess } from '../support/front-process.ts';
import { stopAllProcesses, waitFor } from '../support/processes.ts';
import { type Client, openClient, pidsOfWorkers, WORKERS_CONFIG } from '../support/workers.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-workers-reload-'));
});
afterEach(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

const TWO = WORKERS_CONFIG.replace('one', 'two');

async function start(config = WORKERS_CONFIG): Promise<FrontProcess> {
  return startFrontProcess(folder, config, ['--workers', '2']);
}

function client(front: FrontProcess): Client {
  const opened = openClient(front.url);
  onTestFinished(opened.close);
  return opened;
}

async function replaceFile({ file }: FrontProcess, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** What each of the two workers answers: connections go to them in turn. */
async function answers(front: FrontProcess, path = '/v2/a/manifests/v1'): Promise<string[]> {
  return [await client(front).pull(path), await client(front).pull(path)];
}

const LED_TO_ONE = '307 https://one.example/v2/a/manifests/v1';
const LED_TO_TWO = '307 https://two.example/v2/a/manifests/v1';

test('a file that is replaced is served by every worker from then on, and said once', async () => {
  const front = await start();
  expect(await answers(front)).toEqual([LED_TO_ONE, LED_TO_ONE]);
  await replaceFile(front, TWO);
  await front.logged('config-reloaded');
  expect(await answers(front)).toEqual([LED_TO_TWO, LED_TO_TWO]);
  expect(await front.logged('config-reloaded')).toHaveLength(1);
});

const FAILING_TEST = 'tests: [{ client: 192.0.2.1, path: /v2/a/manifests/v1, expect: other }]\n';

test.each([
  ['no configuration', 'upstreams: [', 'archeion.yaml'],
  ['what only a worker can try', `${TWO}${FAILING_TEST}`, 'tests.0: 192.0.2.1'],
  ['what takes a restart', TWO.replace('port: 0', 'port: 1'), 'listen: takes a restart'],
])(
  'a file with %s is refused once, and served by no worker, old or new',
  async (_, text, problem) => {
    const front = await start();
    await replaceFile(front, text);
    const refused = await front.logged('config-refused');
    expect(refused).toEqual([
      expect.objectContaining({
        err: expect.objectContaining({ message: expect.stringContaining(problem) }),
      }),
    ]);
    process.kill((await pidsOfWorkers(front, 2)).get(1) ?? 0, 'SIGKILL');
    await pidsOfWorkers(front, 3);
    expect(await answers(front)).toEqual([LED_TO_ONE, LED_TO_ONE]);
  },
);

test('a replacement begins with what was reloaded', async () => {
  const front = await start();
  await replaceFile(front, TWO);
  await front.logged('config-reloaded');
  process.kill((await pidsOfWorkers(front, 2)).get(1) ?? 0, 'SIGKILL');
  await pidsOfWorkers(front, 3);
  expect(await answers(front)).toEqual([LED_TO_TWO, LED_TO_TWO]);
});

test('reloads under load drop no request', async () => {
  const front = await start();
  let isOver = false;
  const load = Array.from({ length: 8 }, async () => {
    const { pull } = client(front);
    let answered = 0;
    while (!isOver) {
      expect(await pull('/v2/a/manifests/v1')).toMatch(/^307 https:\/\/(one|two)\.example\//);
      answered += 1;
    }
    return answered;
  });
  for (let round = 1; round <= 10; round += 1) {
    await writeFile(front.file, round % 2 === 0 ? WORKERS_CONFIG : TWO);
    process.kill(front.pid, 'SIGHUP');
    await front.logged('config-reloaded', round);
  }
  isOver = true;
  expect(Math.min(...(await Promise.all(load)))).toBeGreaterThan(0);
});

test('SIGTERM under load cuts no answer short, and ends with 0', async () => {
  const front = await start();
  const load = Array.from({ length: 8 }, async () => {
    const { pull } = client(front);
    const seen: string[] = [];
    while (seen.at(-1) !== 'ECONNREFUSED') seen.push(await pull('/v2/a/manifests/v1'));
    return seen.filter((answer) => answer !== LED_TO_ONE);
  });
  await front.logged('request', 100);
  process.kill(front.pid, 'SIGTERM');
  expect(await waitFor(front.exitCode, front.output)).toBe(0);
  // A connection that comes while a worker closes may be turned away by it, before its request is read.
  const failures = (await Promise.all(load)).map((seen) => seen.join());
  for (const seen of failures) expect(seen).toMatch(/^(ECONNRESET,){0,2}ECONNREFUSED$/);
});

test('feeds are fetched once for all workers, and every worker serves what came', async () => {
  const feeds = [awsFeed('eu-west-1'), awsFeed('us-east-1')];
  let fetched = 0;
  const provider = createServer((_, response) => {
    response.end(feeds[Math.min(fetched, 1)]);
    fetched += 1;
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void provider.close().closeAllConnections());
  const { port } = provider.address() as AddressInfo; // it listens on a port
  const front = await start(`${WORKERS_CONFIG}
clientAddress: { trustedProxyHops: 1 }
cloudRanges:
  directory: ranges
  feeds: [{ name: aws, url: 'http://127.0.0.1:${port}/' }]
  guard: { maxMoved: 1 }
  refresh: 1s
`);
  await front.logged('cloud-ranges-refreshed', 2);
  expect(await readFile(join(folder, 'ranges', 'aws.json'), 'utf8')).toBe(feeds[1]);
  expect(fetched).toBe(2);
  for (const { pull } of [client(front), client(front)]) {
    await pull('/v2/a/manifests/v1', { 'x-forwarded-for': '192.0.2.7' });
  }
  const requests = await front.logged('request', 2);
  expect(requests.map(({ worker, region }) => ({ worker, region }))).toEqual(
    expect.arrayContaining([
      { worker: 1, region: 'us-east-1' },
      { worker: 2, region: 'us-east-1' },
    ]),
  );
});

function awsFeed(region: string): string {
  return JSON.stringify({ prefixes: [{ ip_prefix: '192.0.2.0/24', region }], ipv6_prefixes: [] });
}
