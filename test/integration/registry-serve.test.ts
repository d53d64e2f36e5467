// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { watchStore } from '../../src/cli/registry/registry-readiness.ts';
import { openLog } from '../../src/log.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningRegistry, startRegistry } from '../support/running-command.ts';
import { certificateFor, TLS_HOST, trusting } from '../support/tls-client.ts';

/** Stopped when the test is finished. */
async function serve(...args: string[]): Promise<RunningRegistry> {
  const registry = await startRegistry(args);
  onTestFinished(async () => void (await registry.stop()));
  return registry;
}

const refused = (...args: string[]) => runCommand(['registry', 'serve', '--port', '0', ...args]);

/** A folder with a registry, and the configuration of one beside it. */
async function configured(text = '') {
  const { folder, index } = await registryFolder();
  const place = await temporaryFolder();
  const file = join(place, 'registry.yaml');
  const write = async (more: string, sample = 1) => {
    await writeFile(
      `${file}.new`,
      `admin: { port: 0 }
storage: { kind: filesystem, directory: ${folder} }
log: { sample: ${sample} }
shutdown: { grace: 50ms }
${more.includes('listen:') ? '' : 'listen: { port: 0 }'}
${more}
`,
    );
    await rename(`${file}.new`, file);
  };
  await write(text);
  return { folder, place, file, write, index };
}

describe('archeion registry serve', () => {
  test('serves what a folder holds, and what is imported meanwhile', async () => {
    const { folder, index } = await registryFolder();
    const registry = await serve('--directory', folder, '--port', '0');
    const answer = await fetch(`${registry.url}/v2/team/app/manifests/v1`);
    expect(answer.headers.get('docker-content-digest')).toBe(index.digest);
    const source = `docker://${new URL(registry.url).host}/team/app:v1`;
    const directory = ['--directory', folder];
    await runCommand(['registry', 'import', source, 'copy:v2', ...directory]);
    const tags = await fetch(`${registry.url}/v2/copy/tags/list`);
    expect(await tags.json()).toEqual({ name: 'copy', tags: ['v2'] });
    const [line] = await registry.logged('request');
    expect(line).toMatchObject({ server: 'registry', route: 'manifest', repository: 'team/app' });
  });

  test('tells operators how it is', async () => {
    const { folder } = await registryFolder();
    const registry = await serve('--directory', folder, '--port', '0');
    const { adminUrl } = registry;
    expect(await (await fetch(`${adminUrl}/livez`)).text()).toBe('ok\n');
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
    await fetch(`${registry.url}/v2/`);
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain(
      'archeion_http_answers_total{server="registry",status="200"} 1',
    );
    await fetch(`${registry.url}/v2/team/app/manifests/none`);
    const [, missed] = await registry.logged('request', 2);
    expect(missed).toMatchObject({
      operation: 'manifest-pull',
      route: 'manifest',
      repository: 'team/app',
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    });
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    expect(metrics).toContain(
      'archeion_registry_requests_total{operation="manifest-pull",outcome="not-found"} 1',
    );
    expect(metrics).toMatch(
      /archeion_store_requests_total\{operation="read",outcome="absent"\} [1-9]/,
    );
    expect(metrics).toMatch(/archeion_store_request_seconds_count\{operation="read"\} [1-9]/);
    expect((await fetch(`${adminUrl}/other`)).status).toBe(404);
  });

  test('ends with 0 when it is asked to stop', async () => {
    const { folder } = await registryFolder();
    const registry = await startRegistry(['--directory', folder, '--port', '0']);
    expect(await registry.stop()).toBe(0);
    expect(await registry.logged('stopped')).toHaveLength(1);
    await expect(fetch(registry.url)).rejects.toThrow();
  });

  test('makes a registry of an empty folder, and of none when it may', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'lost+found'));
    await serve('--directory', folder, '--port', '0');
    expect(await readdir(folder)).toContain('layout');
    const fresh = join(folder, 'a', 'b');
    await serve('--directory', fresh, '--port', '0', '--create');
    expect(await readdir(fresh)).toContain('layout');
  });

  test('serves a registry read-only without writing to it', async () => {
    const { folder } = await registryFolder();
    const before = await readdir(folder, { recursive: true });
    const registry = await serve('--directory', folder, '--port', '0', '--read-only');
    expect((await fetch(`${registry.url}/v2/team/app/tags/list`)).status).toBe(200);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });
});

describe('what cannot be served is refused, with what to do', () => {
  test('a folder that is not there, and what is no folder', async () => {
    const folder = await temporaryFolder();
    const absent = await refused('--directory', join(folder, 'x'));
    expect(absent).toMatchObject({ exit: 2, err: expect.stringContaining('or say --create') });
    await writeFile(join(folder, 'file'), '');
    expect((await refused('--directory', join(folder, 'file'))).err).toContain('is no folder');
    await symlink('nowhere', join(folder, 'link'));
    expect((await refused('--directory', join(folder, 'link'))).err).toContain('is no folder');
  });

  test.each([
    ['oci-layout', 'archeion registry import'],
    ['docker', 'another registry'],
    ['notes.txt', 'it holds notes.txt; give an empty folder'],
  ])('a folder with %s in it', async (name, advice) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, name), '');
    const { exit, err } = await refused('--directory', folder);
    expect(exit).toBe(2);
    expect(err).toContain(advice);
    expect(await readdir(folder)).toEqual([name]);
  });

  test('the registry of a newer program', async () => {
    const { folder } = await registryFolder();
    await writeFile(join(folder, 'layout'), '{"version":2}');
    const { exit, err } = await refused('--directory', folder);
    expect(exit).toBe(1);
    expect(err).toContain('use a newer program');
  });

  test('a configuration with mistakes, all of them', async () => {
    const { file, write } = await configured();
    await write('readOnly: maybe\nlisten: { port: -1 }\nuploads: { maxSize: 5GB }');
    const { exit, err } = await runCommand(['registry', 'serve', '--config', file]);
    expect(exit).toBe(2);
    for (const path of ['readOnly', 'listen.port', 'uploads.maxSize']) expect(err).toContain(path);
  });

  test('options beside a configuration, and a port that is none', async () => {
    const { file } = await configured();
    const both = await refused('--config', file, '--read-only');
    expect(both).toMatchObject({
      exit: 2,
      err: expect.stringContaining('leave out --port, --read-only'),
    });
    expect((await runCommand(['registry', 'serve', '--port', '65535'])).exit).toBe(2);
  });
});

describe('a configuration', () => {
  test('is followed: a rate limit that comes and goes', async () => {
    const { file, write } = await configured();
    const registry = await serve('--config', file);
    const statuses = async () => {
      const answers = [1, 2, 3].map(() => fetch(`${registry.url}/v2/`));
      return (await Promise.all(answers)).map(({ status }) => status).sort();
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    await write('rateLimit: { requestsPerSecond: 1, burst: 1 }');
    await registry.logged('config-reloaded');
    expect(await statuses()).toEqual([200, 429, 429]);
    await write('');
    await registry.logged('config-reloaded', 2);
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  test('limits clients behind a proxy each for themselves', async () => {
    const { file } = await configured(
      'clientAddress: { trustedProxyHops: 1 }\nrateLimit: { requestsPerSecond: 1, burst: 1 }',
    );
    const registry = await serve('--config', file);
    const ask = async (client: string) => {
      const headers = { 'x-forwarded-for': client };
      return (await fetch(`${registry.url}/v2/`, { headers })).status;
    };
    expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.2')]).toEqual([
      200, 429, 200,
    ]);
  });

  test('that would need a restart is refused, and the old one goes on', async () => {
    const { file, write } = await configured();
    const registry = await serve('--config', file);
    await write('listen: { port: 0, keepAlive: 5s }', 0);
    const [line] = await registry.logged('config-refused');
    const said = JSON.stringify(line);
    expect(said).toContain('listen: takes a restart');
    expect(said).toContain('log: takes a restart');
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
  });

  test('with a certificate serves HTTPS, and follows its renewal', async () => {
    const [ours, next] = [certificateFor(90), certificateFor(180)];
    const tls = 'listen: { port: 0, tls: { certificate: tls.crt, key: tls.key } }';
    const { place, file } = await configured(tls);
    const writePair = async ({ cert, key }: typeof ours) => {
      await writeFile(join(place, 'tls.crt'), cert);
      await writeFile(join(place, 'tls.key'), key, { mode: 0o600 });
    };
    await writePair(ours);
    const registry = await serve('--config', file);
    expect(registry.url).toMatch(/^https:/);
    const first = await subjectShown(registry, [ours, next]);
    await writePair(next);
    await registry.logged('certificate-loaded', 2);
    expect(await subjectShown(registry, [ours, next])).not.toBe(first);
    await rm(join(place, 'tls.key'));
    expect((await runCommand(['registry', 'serve', '--config', file])).err).toContain(
      'listen.tls.key',
    );
  });
});

/** The subject of the certificate that a client sees. */
function subjectShown(
  { url }: RunningRegistry,
  certificates: ReadonlyArray<ReturnType<typeof certificateFor>>,
): Promise<unknown> {
  const { ca, servername } = trusting(...certificates);
  return new Promise((resolve, reject) => {
    const options = { ca, servername, agent: false as const, headers: { host: TLS_HOST } };
    request(`${url}/v2/`, options, (response) => {
      const socket = response.socket as TLSSocket; // of an answer over HTTPS
      resolve(socket.getPeerCertificate().subject.CN);
      response.resume();
    })
      .on('error', reject)
      .end();
  });
}

test('a store that goes away is said, and that it is back', async () => {
  const { folder } = await registryFolder();
  const lines: string[] = [];
  const log = openLog('info', (line) => lines.push(line));
  const watch = watchStore(filesystemDriver(folder), log, 5);
  onTestFinished(watch.end);
  expect(watch.problems()).toEqual([]);
  await rename(join(folder, 'layout'), join(folder, 'elsewhere'));
  await vi.waitFor(() => expect(watch.problems()).toEqual(['storage']));
  await writeFile(join(folder, 'layout'), '{}');
  await rename(join(folder, 'elsewhere'), join(folder, 'layout'));
  await vi.waitFor(() => expect(watch.problems()).toEqual([]));
  const events = lines.map((line) => JSON.parse(line).event);
  expect(events.slice(0, 2)).toEqual(['store-gone', 'store-back']);
});
