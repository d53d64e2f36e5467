// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { TestCertificate } from '../support/certificate.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';
import { certificateFor, connectTls, TLS_HOST, trusting } from '../support/tls-client.ts';

const OURS = certificateFor(90.5);
const NEXT = certificateFor(180.5);
const CLIENT = trusting(OURS, NEXT);
const FILES = 'tls: { certificate: tls/tls.crt, key: tls/tls.key }';

let folder = '';
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-tls-'));
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function writeConfig(tls = FILES, upstream = 'one'): Promise<string> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    `${file}.new`,
    `listen: { host: 127.0.0.1, port: 0, ${tls} }
admin: { port: 0 }
upstreams: [{ name: main, url: "https://${upstream}.example" }]
shutdown: { grace: 50ms }
`,
  );
  await rename(`${file}.new`, file);
  return file;
}

/** The certificate first, then the key, as whoever renews writes them. */
async function writePair({ cert, key }: TestCertificate, under = 'tls'): Promise<void> {
  await mkdir(join(folder, under), { recursive: true });
  await writeFile(join(folder, under, 'tls.crt'), cert);
  await writeFile(join(folder, under, 'tls.key'), key, { mode: 0o600 });
}

async function start(tls?: string): Promise<RunningFront> {
  front = await startFront(['--config', await writeConfig(tls)]);
  return front;
}

interface Pulled {
  readonly status: number | undefined;
  readonly location: string | undefined;
  /** The subject of the certificate it came with. */
  readonly subject: unknown;
}

const NEW_CONNECTION = new Agent();

function pull({ url }: RunningFront, agent = NEW_CONNECTION): Promise<Pulled> {
  return new Promise((resolve, reject) => {
    const { ca, servername } = CLIENT;
    const options = { agent, ca, servername, headers: { host: TLS_HOST } };
    request(`${url}/v2/a/manifests/v1`, options, (response) => {
      const socket = response.socket as TLSSocket; // of an answer over HTTPS
      const subject = socket.getPeerCertificate().subject.CN;
      const { statusCode: status, headers } = response.resume();
      response.on('end', () => resolve({ status, location: headers.location, subject }));
    })
      .on('error', reject)
      .end();
  });
}

/** A command line that ends by itself: its exit code, and what it said. */
async function run(...line: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await dispatch(line, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return { code, ...said };
}

function subjectOf(certificate: TestCertificate): string {
  return { [OURS.cert]: 'test 1', [NEXT.cert]: 'test 2' }[certificate.cert] ?? '';
}

test('a pull over HTTPS is redirected', async () => {
  await writePair(OURS);
  const running = await start();
  expect(running.url).toMatch(/^https:/);
  expect(await pull(running)).toEqual({
    status: 307,
    location: 'https://one.example/v2/a/manifests/v1',
    subject: subjectOf(OURS),
  });
  const [line] = await running.logged('certificate-loaded');
  expect(line).toMatchObject({ subject: 'CN=test 1', notAfter: expect.stringMatching(/^\d{4}-/) });
  const metrics = await (await fetch(`${running.adminUrl}/metrics`)).text();
  const days = Number(/^archeion_certificate_expiry_seconds (\d+)/m.exec(metrics)?.[1]) / 86_400;
  expect(Math.floor(days - Date.now() / 86_400_000)).toBe(90);
});

test('certificates renewed under load drop no request, and both are seen', async () => {
  await writePair(OURS);
  const running = await start();
  let isOver = false;
  const client = async (agent: Agent) => {
    const seen: unknown[] = [];
    while (!isOver) {
      const { status, subject } = await pull(running, agent);
      expect(status).toBe(307);
      seen.push(subject);
    }
    agent.destroy();
    return new Set(seen);
  };
  const kept = Array.from({ length: 4 }, () =>
    client(new Agent({ keepAlive: true, maxSockets: 1 })),
  );
  const fresh = Array.from({ length: 4 }, () => client(new Agent({ maxCachedSessions: 0 })));
  for (const [round, pair] of [NEXT, OURS, NEXT].entries()) {
    await writePair(pair);
    await running.logged('certificate-loaded', round + 2);
  }
  await pull(running);
  isOver = true;
  for (const seen of await Promise.all(kept)) expect(seen).toEqual(new Set([subjectOf(OURS)]));
  for (const seen of await Promise.all(fresh)) {
    expect(seen).toEqual(new Set([subjectOf(OURS), subjectOf(NEXT)]));
  }
});

test('a secret of Kubernetes, whose folder is swapped behind a link, is followed', async () => {
  await writePair(OURS, 'tls/..1');
  await writePair(NEXT, 'tls/..2');
  await symlink('..1', join(folder, 'tls/..data'));
  for (const name of ['tls.crt', 'tls.key']) {
    await symlink(`..data/${name}`, join(folder, 'tls', name));
  }
  const running = await start();
  expect((await pull(running)).subject).toBe(subjectOf(OURS));
  await symlink('..2', join(folder, 'tls/..data_tmp'));
  await rename(join(folder, 'tls/..data_tmp'), join(folder, 'tls/..data'));
  await running.logged('certificate-loaded', 2);
  expect((await pull(running)).subject).toBe(subjectOf(NEXT));
});

test('SIGHUP finds what no watch could see, and watches that from then on', async () => {
  await writePair(OURS, 'v1');
  await writePair(NEXT, 'v2');
  await symlink('v1', join(folder, 'tls'));
  const running = await start();
  await symlink('v2', join(folder, 'tls.new'));
  await rename(join(folder, 'tls.new'), join(folder, 'tls'));
  running.hangUp();
  await running.logged('config-reloaded');
  expect((await pull(running)).subject).toBe(subjectOf(NEXT));
  await writePair(OURS, 'v2');
  await running.logged('certificate-loaded', 3);
  expect((await pull(running)).subject).toBe(subjectOf(OURS));
});

test.each([
  ['whose key is of another', { cert: NEXT.cert, key: OURS.key }, /tls\.key" does not belong/],
  ['whose certificate is cut off', { cert: NEXT.cert.slice(0, 200), key: NEXT.key }, /tls\.crt"/],
  ['without a key', { cert: NEXT.cert, key: '' }, /tls\.key" holds no private key/],
])(
  'a pair %s is refused, the old one goes on, and one that fits is taken',
  async (_, pair, says) => {
    await writePair(OURS);
    const running = await start();
    await writePair(pair);
    const [line] = await running.logged('certificate-refused');
    expect(line).toMatchObject({ level: 'error', err: { message: expect.stringMatching(says) } });
    expect(JSON.stringify(line)).not.toMatch(/BEGIN|[A-Za-z0-9+/]{60}/);
    expect((await pull(running)).subject).toBe(subjectOf(OURS));
    await writePair(NEXT);
    await running.logged('certificate-loaded', 2);
    expect((await pull(running)).subject).toBe(subjectOf(NEXT));
  },
);

test('a pair that is gone is refused, and the old one goes on', async () => {
  await writePair(OURS);
  const running = await start();
  await rm(join(folder, 'tls/tls.key'));
  const [line] = await running.logged('certificate-refused');
  expect(line).toMatchObject({
    err: { message: expect.stringMatching(/tls\.key" cannot be read/) },
  });
  expect((await pull(running)).status).toBe(307);
});

test('a configuration that names other files is served with them, and they are watched', async () => {
  await writePair(OURS);
  await writePair(NEXT, 'other');
  const running = await start();
  await writeConfig('tls: { certificate: other/tls.crt, key: other/tls.key, minVersion: TLSv1.3 }');
  await running.logged('config-reloaded');
  expect((await pull(running)).subject).toBe(subjectOf(NEXT));
  const { port } = new URL(running.url);
  await expect(connectTls(Number(port), { ...CLIENT, maxVersion: 'TLSv1.2' })).rejects.toThrow();
  await writePair(OURS, 'other');
  await running.logged('certificate-loaded', 3);
  expect((await pull(running)).subject).toBe(subjectOf(OURS));
});

test.each([
  [
    'names files that cannot be used',
    'tls: { certificate: tls/tls.key, key: tls/tls.key }',
    /no certificate/,
  ],
  ['turns TLS off', '', /listen\.tls: takes a restart/],
])('a configuration that %s is refused whole', async (_, tls, says) => {
  await writePair(OURS);
  const running = await start();
  await writeConfig(tls, 'two');
  const [line] = await running.logged('config-refused');
  expect(line).toMatchObject({ err: { message: expect.stringMatching(says) } });
  expect(await pull(running)).toMatchObject({ location: expect.stringContaining('one.example') });
});

test('a configuration that turns TLS on is refused', async () => {
  await writePair(OURS);
  const running = await start('');
  await writeConfig();
  const [line] = await running.logged('config-refused');
  expect(line).toMatchObject({
    err: { message: expect.stringMatching(/listen\.tls: takes a restart/) },
  });
  expect((await fetch(`${running.url}/v2/`, { redirect: 'manual' })).status).toBe(200);
});

test('a configuration is reloaded although the files of its certificate are broken', async () => {
  await writePair(OURS);
  const running = await start();
  await writePair({ cert: 'gone', key: 'gone' });
  await running.logged('certificate-refused');
  await writeConfig(FILES, 'two');
  await running.logged('config-reloaded');
  expect(await pull(running)).toMatchObject({
    location: expect.stringContaining('two.example'),
    subject: subjectOf(OURS),
  });
});

test.each([
  [['serve', '--config'], { cert: OURS.cert, key: NEXT.key }, /tls\.key" does not belong/],
  [['config', 'check'], { cert: OURS.cert, key: NEXT.key }, /tls\.key" does not belong/],
  [['serve', '--config'], { cert: '', key: OURS.key }, /tls\.crt" holds no certificate/],
])('%j says what is wrong with a pair, and ends with 2', async (line, pair, says) => {
  await writePair(pair);
  const { code, err } = await run(...line, await writeConfig());
  expect(code).toBe(2);
  expect(err).toMatch(says);
  expect(err).not.toContain('BEGIN');
});

test('a start without the files ends with 2 and names them', async () => {
  const { code, err } = await run('serve', '--config', await writeConfig());
  expect({ code, err }).toMatchObject({
    code: 2,
    err: expect.stringMatching(/tls\.crt" cannot be read/),
  });
});

test.each([
  ['is over', -1.5, -2],
  ['is nearly over', 6.5, 6],
])('a certificate that %s is served, with a warning', async (_, days, daysLeft) => {
  const old = certificateFor(days);
  await writePair(old);
  const running = await start();
  const [line] = await running.logged('certificate-expires');
  expect(line).toMatchObject({ level: 'warn', daysLeft, notAfter: expect.any(String) });
  const { port } = new URL(running.url);
  const lax = { ...trusting(old), rejectUnauthorized: false };
  expect((await connectTls(Number(port), lax)).destroy().authorized).toBe(daysLeft > 0);
});

test('a key that others than its owner may read is warned of', async () => {
  await writePair(OURS);
  await chmod(join(folder, 'tls/tls.key'), 0o644);
  const running = await start();
  const [line] = await running.logged('certificate-key-exposed');
  expect(line).toMatchObject({ level: 'warn', key: join(folder, 'tls/tls.key'), mode: '0644' });
});

test('of a certificate that is well, and a key that is its own, nothing is warned', async () => {
  await writePair(OURS);
  const running = await start();
  await running.logged('certificate-loaded');
  for (const event of ['certificate-expires', 'certificate-key-exposed', 'certificate-refused']) {
    expect(await running.logged(event, 0)).toEqual([]);
  }
});
