// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { openMetrics } from '../../metrics.ts';
import { countMirroring } from './mirror-metrics.ts';

async function linesOf(metrics: ReturnType<typeof openMetrics>): Promise<readonly string[]> {
  const lines = (await metrics.expose()).split('\n');
  return lines.filter((line) => line.startsWith('archeion_mirror_'));
}

function tally(copied: number) {
  return { copied, bytes: copied * 10, moving: 0, failed: 1, lost: undefined };
}

test('what is copied counts while it is copied, and stays when the next round begins', async () => {
  const metrics = openMetrics();
  const counts = countMirroring(metrics, () => undefined);
  const first = tally(2);
  counts.begin({ tallies: new Map([['dublin', first]]) });
  first.copied += 1;
  expect(await linesOf(metrics)).toContain('archeion_mirror_objects_total{target="dublin"} 3');
  counts.end({ kind: 'sweep', isComplete: false });
  counts.begin({ tallies: new Map([['dublin', tally(1)]]) });
  counts.end({ kind: 'changes', isComplete: true });
  counts.problem();
  expect(await linesOf(metrics)).toEqual([
    'archeion_mirror_objects_total{target="dublin"} 4',
    'archeion_mirror_bytes_total{target="dublin"} 30',
    'archeion_mirror_failures_total{target="dublin"} 2',
    'archeion_mirror_oldest_missing_seconds 0',
    'archeion_mirror_problems_total 1',
    'archeion_mirror_rounds_total{kind="sweep",outcome="incomplete"} 1',
    'archeion_mirror_rounds_total{kind="changes",outcome="complete"} 1',
  ]);
});

test('a round that ended without its plan leaves its counts to the next', async () => {
  const metrics = openMetrics();
  const counts = countMirroring(metrics, () => undefined);
  counts.begin({ tallies: new Map([['dublin', tally(2)]]) });
  counts.begin({ tallies: new Map([['dublin', tally(3)]]) });
  expect(await linesOf(metrics)).toContain('archeion_mirror_objects_total{target="dublin"} 5');
});

test('what is missing grows old', async () => {
  const metrics = openMetrics();
  countMirroring(metrics, () => Date.now() - 90_000);
  const [line = ''] = (await linesOf(metrics)).filter((one) => one.includes('oldest_missing'));
  expect(Number(line.split(' ')[1])).toBeGreaterThanOrEqual(90);
});
