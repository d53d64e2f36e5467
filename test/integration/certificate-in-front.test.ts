// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { keepCertificateFresh } from '../../src/cli/front/certificate-in-front.ts';
import { readCertificate } from '../../src/cli/front/front-certificate.ts';
import type { LoadedConfig } from '../../src/cli/load-config.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { TlsMaterial } from '../../src/http/tls-material.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { certificateFor } from '../support/tls-client.ts';

const DAY = 86_400_000;

function loadedWith(directory: string): LoadedConfig {
  const result = parseConfig({
    upstreams: [{ name: 'main', url: 'https://main.example' }],
    listen: { tls: { certificate: 'tls.crt', key: 'tls.key' } },
  });
  if (!result.ok) throw new Error(result.problems.join());
  return { config: result.config, origin: 'test', directory };
}

/** A certificate with 90 days left, kept by a front of which only this is there, at a time that tests choose. */
async function kept(now: () => number) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = await mkdtemp(join(tmpdir(), 'archeion-certificate-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { cert, key } = certificateFor(90);
  await writeFile(join(folder, 'tls.crt'), cert);
  await writeFile(join(folder, 'tls.key'), key, { mode: 0o600 });
  const used: TlsMaterial[] = [];
  const lines: Record<string, unknown>[] = [];
  const loaded = loadedWith(folder);
  const certificate = readCertificate(loaded);
  if (certificate === undefined) throw new Error('it was written a moment ago');
  const fresh = keepCertificateFresh(loaded, certificate, {
    front: { useTls: (next) => void used.push(next) },
    log: openLog('info', (line) => lines.push(JSON.parse(line))),
    metrics: openMetrics(),
    now,
  });
  onTestFinished(() => fresh.close());
  return { fresh, used, lines, events: () => lines.map((line) => line['event']) };
}

test('a certificate that nobody renews is warned of when a week is left, twice a day', async () => {
  let now = Date.now();
  const { events, lines } = await kept(() => now);
  now += 82 * DAY;
  vi.advanceTimersByTime(DAY);
  expect(events()).toEqual(['certificate-loaded']);
  now += 1.5 * DAY;
  vi.advanceTimersByTime(DAY);
  expect(events()).toEqual(['certificate-loaded', 'certificate-expires', 'certificate-expires']);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', daysLeft: 6 });
});

test('a certificate that is not yet valid is warned of', async () => {
  const { events } = await kept(() => Date.now() - 100 * DAY);
  expect(events()).toEqual(['certificate-loaded', 'certificate-not-yet-valid']);
});

test('where nothing can be watched, and nothing read, the old certificate stays', async () => {
  const { fresh, used, events } = await kept(Date.now);
  fresh.follow(loadedWith('/nowhere/at/all'));
  expect(events()).toEqual([
    'certificate-loaded',
    'certificate-not-watched',
    'certificate-refused',
  ]);
  expect(used).toEqual([]);
});

test('the files of a configuration that lies elsewhere are read to check it', async () => {
  const { fresh } = await kept(Date.now);
  expect(() => fresh.check(loadedWith('/nowhere/at/all'))).toThrow(/tls\.crt" cannot be read/);
});

test('files that are as they were are not put into service again', async () => {
  const { used } = await kept(Date.now);
  vi.advanceTimersByTime(DAY);
  expect(used).toEqual([]);
});
