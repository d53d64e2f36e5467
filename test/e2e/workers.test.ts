// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stopAllProcesses } from '../support/processes.ts';
import { startFront } from './front.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-built-workers-'));
});
afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

test('the built program finds itself when it starts workers, and ends with all of them', async () => {
  const upstreams: [{ name: string; url: string }] = [{ name: 'main', url: 'https://one.example' }];
  const front = await startFront(folder, { upstreams, workers: 2 });
  const answer = await fetch(`${front.url}/v2/a/manifests/v1`, { redirect: 'manual' });
  expect(answer.headers.get('location')).toBe('https://one.example/v2/a/manifests/v1');
  const metrics = await (await fetch(`${front.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/^archeion_workers [12]$/m);
  expect(await front.stop()).toBe(0);
  expect(front.log()).not.toContain('worker-died');
});
