// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

type Answer = (response: ServerResponse, tag: string | undefined) => void;

let folder = '';
let server: Server;
let origin = '';
let front: RunningFront | undefined;
/** What each path answers; anything else is a 404. */
let answers: Record<string, Answer> = {};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-ranges-'));
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''] ?? status(404);
    answer(response, request.headers['if-none-match']);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answers = {};
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function aws(prefixes: Readonly<Record<string, string>>): string {
  const list = Object.entries(prefixes).map(([ip_prefix, region]) => ({ ip_prefix, region }));
  return JSON.stringify({ prefixes: list, ipv6_prefixes: [] });
}

const OLD = aws({ '192.0.2.0/24': 'eu-west-1', '198.51.100.0/25': 'us-east-1' });
const NEW = aws({ '192.0.2.0/24': 'eu-west-1', '198.51.100.0/24': 'us-east-1' });
const HALF = aws({ '192.0.2.0/24': 'eu-west-1' });

function status(code: number, location = ''): Answer {
  return (response) => void response.writeHead(code, { location }).end();
}

function tagged(text: string, etag: string): Answer {
  return (response, tag) => {
    if (tag === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag }).end(text);
  };
}

async function run(...line: readonly string[]) {
  const said = { out: '', err: '' };
  const exit = await dispatch(line, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return { exit, ...said };
}

function refresh(...more: readonly string[]) {
  return run('ranges', 'refresh', '--directory', folder, '--feed', `aws=${origin}/aws`, ...more);
}

const copy = () => readFile(join(folder, 'aws.json'), 'utf8');

describe('ranges refresh', () => {
  test('fetches once, asks by tag, and takes what changed', async () => {
    answers['/aws'] = tagged(OLD, '"1"');
    expect(await refresh()).toMatchObject({
      exit: 0,
      out: 'aws: updated, 2 prefixes; the first copy\n',
    });
    expect(await refresh()).toMatchObject({ exit: 0, out: 'aws: unchanged\n' });
    answers['/aws'] = tagged(NEW, '"2"');
    const { exit, out } = await refresh('--json');
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { kind: 'updated', feed: 'aws', diff: { ipv4: { shareMoved: 0, added: 128 } } },
    ]);
    expect((await readdir(folder)).sort()).toEqual([
      'aws.json',
      'aws.json.etag',
      'aws.json.previous',
    ]);
    expect(await run('ranges', 'diff', '--directory', folder)).toMatchObject({
      exit: 0,
      out: expect.stringContaining('198.51.100.128/25  nobody -> aws/us-east-1'),
    });
  });

  test.each<{ name: string; answer: Answer; exit: number }>([
    { name: 'half a feed', answer: tagged(HALF, '"2"'), exit: 4 },
    { name: 'a page', answer: tagged('<html>', '"2"'), exit: 4 },
    { name: 'the whole world', answer: tagged(aws({ '0.0.0.0/0': 'a' }), '"2"'), exit: 4 },
    {
      name: 'no text',
      answer: (response) => void response.end(Buffer.from([0xff, 0xfe])),
      exit: 1,
    },
    { name: 'an error', answer: status(503), exit: 1 },
    { name: 'a redirect in a circle', answer: status(302, '/aws'), exit: 1 },
    { name: 'a redirect to a file', answer: status(302, 'file:///etc/hostname'), exit: 1 },
    { name: 'a redirect into the network', answer: status(302, 'http://127.0.0.2:1/'), exit: 1 },
    { name: 'a body that breaks off', answer: breaksOff, exit: 1 },
    { name: 'a body without end', answer: tooLong, exit: 1 },
  ])('a good copy stays when $name comes', async ({ answer, exit }) => {
    answers['/aws'] = tagged(OLD, '"1"');
    await refresh();
    answers['/aws'] = answer;
    expect(await refresh()).toMatchObject({
      exit,
      out: expect.stringContaining('the old copy stays'),
    });
    expect(await copy()).toBe(OLD);
  });

  test('a redirect is followed', async () => {
    answers['/aws'] = status(302, '/elsewhere');
    answers['/elsewhere'] = tagged(OLD, '"1"');
    expect(await refresh()).toMatchObject({ exit: 0 });
  });

  test('by force the guard is passed', async () => {
    answers['/aws'] = tagged(OLD, '"1"');
    await refresh();
    answers['/aws'] = tagged(HALF, '"2"');
    expect(await refresh()).toMatchObject({ exit: 4 });
    expect(await refresh('--force')).toMatchObject({ exit: 0 });
    expect(await copy()).toBe(HALF);
  });

  test('files are feeds too, and of two the one that is down is named', async () => {
    const file = join(folder, 'source');
    await writeFile(file, '192.0.2.0/24,NL\n');
    const acme = `acme=${pathToFileURL(file)}`;
    expect(await refresh(acme)).toMatchObject({
      exit: 5,
      out: expect.stringContaining('aws: failed'),
    });
    expect(await run('ranges', 'lookup', '-d', folder, '192.0.2.9', '203.0.113.1')).toMatchObject({
      exit: 0,
      out: expect.stringMatching(
        /192\.0\.2\.9 +acme +nl +192\.0\.2\.0\/24 +acme\n203\.0\.113\.1 +unknown/,
      ),
    });
    expect(await refresh(`acme=${pathToFileURL(folder)}`)).toMatchObject({ exit: 1 });
  });

  test.each([
    [['--directory', 'x', '--config', 'y']],
    [['--feed', 'aws']],
    [['--directory', 'x', '--feed', 'a b']],
    [['--directory', 'x', '--feed', 'aws=ftp://x.example/']],
    [['--directory', join(tmpdir(), 'archeion-no-such-folder')]],
  ])('%j is a usage error', async (options) => {
    expect(await run('ranges', 'refresh', ...options)).toMatchObject({ exit: 2 });
  });
});

function breaksOff(response: ServerResponse): void {
  response.writeHead(200);
  response.write(OLD.slice(0, 50), () => response.destroy());
}

function tooLong(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': String(2 ** 30) });
  response.write('{');
}

test('a configuration names the feeds, the folder, the guard and prefixes of its own', async () => {
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `upstreams: [{ name: main, url: https://main.example }]
cloudRanges:
  directory: ranges
  feeds: [azure, { name: aws, url: "${origin}/aws" }, { geofeed: acme, url: "${origin}/acme" }]
  guard: { maxMoved: 0 }
  static: [{ prefix: 192.0.2.0/24, cloud: own, region: cellar }]
`,
  );
  const withConfig = ['--config', file] as const;
  answers['/aws'] = tagged(OLD, '"1"');
  answers['/acme'] = tagged('2001:db8::/32,NL\n', '"1"');
  const { exit, out } = await run('ranges', 'refresh', ...withConfig, '--json');
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toMatchObject([{ kind: 'skipped' }, { entries: 2 }, { entries: 1 }]);
  answers['/aws'] = tagged(aws({ '192.0.2.0/24': 'eu-west-1' }), '"2"');
  answers['/acme'] = status(500);
  const second = await run('ranges', 'refresh', ...withConfig, '--json');
  expect(second.exit).toBe(4);
  expect(JSON.parse(second.out)).toMatchObject([
    { kind: 'skipped' },
    { kind: 'refused' },
    { kind: 'failed', error: expect.stringContaining('500') },
  ]);
  expect((await run('ranges', 'refresh', ...withConfig)).out).toContain('azure: left as it is');
  const found = await run('ranges', 'lookup', ...withConfig, '192.0.2.1', '2001:db8::1', '--json');
  expect(found.err).toContain('there is no "azure.json"');
  expect(JSON.parse(found.out)).toEqual([
    {
      address: '192.0.2.1',
      cloud: 'own',
      region: 'cellar',
      prefix: '192.0.2.0/24',
      feed: 'static',
    },
    { address: '2001:db8::1', cloud: 'acme', region: 'nl', prefix: '2001:db8::/32', feed: 'acme' },
  ]);
  expect((await run('ranges', 'stats', ...withConfig)).out).toMatch(/static +1\nazure +0\naws +2/);
  expect((await run('ranges', 'diff', ...withConfig)).err).toContain('no two copies to compare');
  expect(await run('ranges', 'diff', file, file)).toMatchObject({ exit: 2 });
});

test('ranges stats counts by cloud and region, ranges diff compares any two files', async () => {
  await writeFile(join(folder, 'aws.json'), OLD);
  await writeFile(join(folder, 'later'), NEW);
  const { out } = await run('ranges', 'stats', '-d', folder, '--json');
  expect(JSON.parse(out)).toEqual({
    feeds: [{ feed: 'aws', entries: 2 }],
    regions: [
      { cloud: 'aws', region: 'eu-west-1', prefixes: 1, ipv4: 256, ipv6: 0 },
      { cloud: 'aws', region: 'us-east-1', prefixes: 1, ipv4: 128, ipv6: 0 },
    ],
  });
  expect((await run('ranges', 'stats', '-d', folder)).out).toMatch(/aws +\(all\) +2 +384 +0/);
  const files = [join(folder, 'aws.json'), join(folder, 'later')];
  const diff = await run('ranges', 'diff', ...files, '--json');
  expect(JSON.parse(diff.out)).toMatchObject([{ diff: { ipv4: { added: 128, moved: 0 } } }]);
  expect(await run('ranges', 'diff', join(folder, 'later'))).toMatchObject({ exit: 2 });
  expect(await run('ranges', 'lookup', '-d', folder, 'nonsense')).toMatchObject({ exit: 2 });
});

describe('archeion serve', () => {
  function documentFor(refreshes: string): string {
    return `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
clientAddress: { trustedProxyHops: 1 }
upstreams: [{ name: main, url: https://main.example }]
cloudRanges:
  directory: ranges
  feeds: [{ name: aws, url: "${origin}/aws" }]
  refresh: ${refreshes}
shutdown: { grace: 1s }
`;
  }

  async function start(refreshes: string): Promise<RunningFront> {
    const file = join(folder, 'archeion.yaml');
    await writeFile(file, documentFor(refreshes));
    front = await startFront(['--config', file]);
    return front;
  }

  async function regionOf(address: string): Promise<unknown> {
    const query = new URLSearchParams({ path: '/v2/a/manifests/v1', address });
    const answer = await fetch(`${front?.adminUrl}/explain?${query}`);
    const { client } = (await answer.json()) as { client: { location?: { region: string } } };
    return client.location?.region;
  }

  test('starts without a copy, fetches it, and serves every change of the feed', async () => {
    answers['/aws'] = tagged(OLD, '"1"');
    const running = await start('1s');
    await running.logged('cloud-ranges-refreshed');
    await expect.poll(() => regionOf('198.51.100.1')).toBe('us-east-1');
    expect(await regionOf('198.51.100.200')).toBeUndefined();
    answers['/aws'] = tagged(NEW, '"2"');
    await running.logged('cloud-ranges-refreshed', 2);
    await expect.poll(() => regionOf('198.51.100.200')).toBe('us-east-1');
    const metrics = await (await fetch(`${running.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/archeion_cloud_ranges_age_seconds\{feed="aws"\} \d/);
    expect(metrics).toContain('archeion_cloud_ranges_entries{feed="aws"} 2');
  });

  test('serves the old copy when the new one is refused, or the provider is down', async () => {
    answers['/aws'] = tagged(OLD, '"1"');
    const running = await start('1s');
    await running.logged('cloud-ranges-refreshed');
    answers['/aws'] = tagged(HALF, '"2"');
    const [refused] = await running.logged('cloud-ranges-refused');
    expect(refused).toMatchObject({ feed: 'aws', reasons: [expect.stringContaining('moved')] });
    answers['/aws'] = status(500);
    await running.logged('cloud-ranges-failed');
    expect(await regionOf('198.51.100.1')).toBe('us-east-1');
  });

  test('a reload may begin it, and end it', async () => {
    answers['/aws'] = tagged(OLD, '"1"');
    const file = join(folder, 'archeion.yaml');
    await writeFile(file, documentFor('1s').replace('refresh: 1s', ''));
    front = await startFront(['--config', file]);
    expect(await regionOf('198.51.100.1')).toBeUndefined();
    await writeFile(file, documentFor('1s'));
    await front.logged('cloud-ranges-refreshed');
    expect(await regionOf('198.51.100.1')).toBe('us-east-1');
    await writeFile(file, documentFor('1s').replace('refresh: 1s', ''));
    await front.logged('config-reloaded', 2);
    expect(await regionOf('198.51.100.1')).toBe('us-east-1');
  });

  test('a provider that never answers delays neither start nor stop', async () => {
    answers['/aws'] = () => {};
    const running = await start('6h');
    expect((await fetch(`${running.adminUrl}/livez`)).status).toBe(200);
    expect(await running.stop()).toBe(0);
  });
});
