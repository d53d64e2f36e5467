// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../src/protocol/http.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { overhearing } from '../support/guarded-registry.ts';
import {
  changes,
  filledRegistry,
  type Meet,
  pushableRegistry,
} from '../support/pushable-registry.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const copy = (...args: string[]) => runCommand(['copy', ...args]);
const answer = (status: number, ...headers: string[]): HttpAnswer => ({
  status,
  headers,
  body: '',
});

type Which = (request: HttpRequest) => boolean;

const isUpload: Which = ({ method, target }) => method === 'PUT' && target.includes('/blobs/');
const isStart: Which = ({ method }) => method === 'POST';
const isManifest: Which = ({ method, target }) =>
  method === 'PUT' && target.includes('/manifests/');

/** Answers so many of some requests itself. */
function firstOf(which: Which, said: HttpAnswer, times = 1): Meet {
  let left = times;
  return (request) => {
    if (!which(request) || left === 0) return undefined;
    left -= 1;
    return said;
  };
}

async function copyTo(meet: Meet, ...options: string[]) {
  const [from, to] = await Promise.all([filledRegistry(), pushableRegistry(meet)]);
  const result = await copy(`${from.name}/other:v1`, `${to.name}/app:v1`, ...options);
  return { from, to, result };
}

describe('a copy gets to its end', () => {
  test.each([
    ['the registry has forgotten the upload', firstOf(isUpload, answer(404))],
    ['the registry has lost its head', firstOf(isUpload, answer(500))],
    ['the registry asks for a pause', firstOf(isStart, answer(429, 'Retry-After', '1'))],
    ['the registry is overloaded', firstOf(isStart, answer(503), 2)],
    ['a manifest is not taken at once', firstOf(isManifest, answer(502), 2)],
  ])('when %s', async (_, meet) => {
    const { from, to, result } = await copyTo(meet);
    expect(result).toMatchObject({ exit: 0, err: '' });
    expect(await to.pulled('app', 'v1')).toEqual(await from.pulled('other', 'v1'));
  });

  test('when the registry asks who we are in the middle of an upload', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'config.json');
    const challenge = answer(401, 'WWW-Authenticate', 'Basic realm="r"');
    const meet: Meet = (request) =>
      isUpload(request) && request.header('authorization') === undefined ? challenge : undefined;
    const [from, to] = await Promise.all([filledRegistry(), pushableRegistry(meet)]);
    const auth = Buffer.from('robot:hunter2').toString('base64');
    await writeFile(file, JSON.stringify({ auths: { [to.host]: { auth } } }));
    const places = [`${from.name}/other:v1`, `${to.name}/app:v1`];
    const result = await copy(...places, '--docker-config', file);
    expect(result).toMatchObject({ exit: 0, err: '' });
    expect(await to.pulled('app', 'v1')).toEqual(await from.pulled('other', 'v1'));
    expect([...to.authorizations]).toEqual([undefined, `Basic ${auth}`]);
    expect([...from.authorizations]).toEqual([undefined]);
  });
});

describe('a copy fails, and leaves no tag', () => {
  test.each([
    ['the registry refuses', firstOf(isStart, answer(403), 9), 'answered 403'],
    ['an upload is nowhere', firstOf(isStart, answer(202), 9), 'without saying where'],
    ['the pause is too long', firstOf(isStart, answer(429, 'Retry-After', '9999'), 9), '429'],
    [
      'a manifest is stored as another',
      firstOf(isManifest, answer(201, 'Docker-Content-Digest', `sha256:${'0'.repeat(64)}`), 99),
      'stored',
    ],
  ])('when %s', async (_, meet, problem) => {
    const { to, result } = await copyTo(meet);
    expect(result).toMatchObject({ exit: 1, err: expect.stringContaining(problem) });
    expect(to.asked.filter((line) => line.endsWith('/manifests/v1'))).toEqual([]);
  });

  test('when the source has other bytes, which the registry never gets whole', async () => {
    const other: Meet = ({ target, method }) =>
      method === 'GET' && target.includes('/blobs/') ? { ...answer(200), body: 'x' } : undefined;
    const [from, to] = await Promise.all([filledRegistry(other), pushableRegistry()]);
    const { exit, err } = await copy(`${from.name}/other:v1`, `${to.name}/app:v1`);
    expect(exit).toBe(1);
    expect(err).toMatch(/blob "sha256:.*" from "docker:.*other:v1" to "docker:.*app:v1": .* bytes/);
    expect(to.asked.filter((line) => line.startsWith('PUT /v2/app/manifests'))).toEqual([]);
  });
});

test('a copy that is stopped leaves no tag, and is gone on with', async () => {
  const stop = new AbortController();
  const meet: Meet = (request) => {
    if (isStart(request)) stop.abort();
    return undefined;
  };
  const [from, to] = await Promise.all([filledRegistry(), pushableRegistry(meet)]);
  const line = ['copy', `${from.name}/other:v1`, `${to.name}/app:v1`];
  expect(await runCommand(line, stop.signal)).toMatchObject({ exit: 1 });
  expect(to.asked.filter((one) => one.startsWith('PUT /v2/app/manifests'))).toEqual([]);
  expect(await runCommand(line)).toMatchObject({ exit: 0 });
  expect(await to.pulled('app', 'v1')).toEqual(await from.pulled('other', 'v1'));
});

describe('threat 5: what is pushed goes to the registry alone', () => {
  test('and not to an upload at another origin', async () => {
    const elsewhere = await overhearing(() => 201);
    const { to, result } = await copyTo(
      firstOf(isStart, answer(202, 'Location', `${elsewhere.url}/v2/app/blobs/uploads/1`), 99),
    );
    expect(result).toMatchObject({ exit: 1, err: expect.stringContaining('refused to push to') });
    expect(elsewhere.requests).toEqual([]);
    expect(changes(to.asked).every((line) => line.startsWith('POST '))).toBe(true);
  });

  test('and not with credentials that the registry has put into its address', async () => {
    const location = (host: string | undefined) =>
      `http://me:secret@${host}/v2/app/blobs/uploads/1`;
    const meet: Meet = (request) =>
      isStart(request) ? answer(202, 'Location', location(request.header('host'))) : undefined;
    const { result } = await copyTo(meet);
    expect(result).toMatchObject({ exit: 1, err: expect.stringContaining('refused to push to') });
    expect(result.err).not.toContain('secret');
  });

  test('and not where a redirect leads', async () => {
    const elsewhere = await overhearing(() => 201);
    const redirect = answer(307, 'Location', `${elsewhere.url}/x`);
    const { result } = await copyTo(firstOf(isUpload, redirect, 99));
    expect(result).toMatchObject({ exit: 1, err: expect.stringContaining('answered 307') });
    expect(elsewhere.requests).toEqual([]);
  });
});

test('threat 4: a realm somewhere else is not told who pushes', async () => {
  const realm = await startFakeUpstream(() => ({ status: 200, body: '{"token":"t"}' }));
  const folder = await temporaryFolder();
  const file = join(folder, 'config.json');
  const challenge = `Bearer realm="${realm.url}/token",service="r"`;
  const [from, to] = await Promise.all([
    filledRegistry(),
    pushableRegistry(() => answer(401, 'WWW-Authenticate', challenge)),
  ]);
  const auth = Buffer.from('robot:hunter2').toString('base64');
  await writeFile(file, JSON.stringify({ auths: { [to.host]: { auth } } }));
  const places = [`${from.name}/other:v1`, `${to.name}/app:v1`];
  const { exit, err } = await copy(...places, '--docker-config', file);
  await realm.stop();
  expect({ exit, err }).toMatchObject({ exit: 1, err: expect.stringContaining('realm') });
  expect(realm.requests).toEqual([]);
});
