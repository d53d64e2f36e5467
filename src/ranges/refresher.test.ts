// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryCopies } from '../../test/support/memory-copies.ts';
import { openMetrics } from '../metrics.ts';
import { feedOfName, feedSource } from './feed-urls.ts';
import type { Fetched } from './refresh.ts';
import { startRefresher } from './refresher.ts';

const MINUTE = 60_000;
const GUARD = { maxMoved: 0.2, maxAdded: 1, shortestIPv4: 8, shortestIPv6: 16 };

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

function geofeed(...regions: readonly string[]): string {
  return regions.map((region, place) => `192.0.2.${place * 64}/26,${region}\n`).join('');
}

/** A refresher of one geofeed whose address answers what `say` was told last, and whose log is a list of events. */
function setting(given: Readonly<Record<string, string>> = {}) {
  const files = new Map(Object.entries(given));
  const events: string[] = [];
  const metrics = openMetrics();
  let interval: number | undefined = 10 * MINUTE;
  let answer: Fetched | Error = { kind: 'fetched', text: geofeed('NL'), etag: undefined };
  let refusesToServe = false;
  let isBroken = false;
  const copies = memoryCopies(files);
  const refresher = startRefresher({
    settings: () => ({
      interval,
      sources: [
        feedSource(feedOfName('acme'), 'https://acme.example/'),
        feedSource('azure', undefined),
      ],
      guard: GUARD,
      copies: {
        ...copies,
        read: async (file) => {
          if (isBroken) throw new Error('EACCES');
          return copies.read(file);
        },
      },
    }),
    async fetch() {
      events.push('fetch');
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async rebuild() {
      events.push('rebuild');
      if (refusesToServe) throw new Error('a route of its own tests comes out otherwise');
    },
    now: Date.now,
    random: () => 0.5,
    log: {
      info: (event) => void events.push(event),
      warn: (event) => void events.push(event),
      error: (event) => void events.push(event),
    },
    metrics,
  });
  return {
    files,
    metrics,
    refresher,
    say(next: string | Error) {
      answer = next instanceof Error ? next : { kind: 'fetched', text: next, etag: undefined };
    },
    every(next: number | undefined) {
      interval = next;
    },
    refuseToServe(next: boolean) {
      refusesToServe = next;
    },
    breakFolder(next: boolean) {
      isBroken = next;
    },
    /** What happened within so many milliseconds. */
    async within(milliseconds: number) {
      events.length = 0;
      await vi.advanceTimersByTimeAsync(milliseconds);
      return [...events];
    },
  };
}

test('a missing copy is fetched at once, and served', async () => {
  const { files, within } = setting();
  expect(await within(1)).toEqual(['fetch', 'rebuild', 'cloud-ranges-refreshed']);
  expect(files.get('acme.csv')).toBe(geofeed('NL'));
});

test('what did not change is served on, and asked for after the interval', async () => {
  const { within } = setting();
  await within(1);
  expect(await within(10 * MINUTE - 2)).toEqual([]);
  expect(await within(2)).toEqual(['fetch']);
});

test('a copy that is fresh is not fetched again by a restart', async () => {
  const { within, refresher } = setting();
  await within(4 * MINUTE);
  refresher.restart();
  expect(await within(5 * MINUTE)).toEqual([]);
  expect(await within(2 * MINUTE)).toEqual(['fetch']);
});

test('a feed that is not to be believed is not served, and one that is down is asked for sooner', async () => {
  const { files, say, within } = setting({ 'acme.csv': geofeed('NL') });
  await within(1);
  say(geofeed('DE'));
  expect(await within(10 * MINUTE)).toEqual(['fetch', 'cloud-ranges-refused']);
  say(new Error('down'));
  expect(await within(10 * MINUTE)).toEqual(['fetch', 'cloud-ranges-failed']);
  expect(await within(5 * MINUTE)).toEqual(['fetch', 'cloud-ranges-failed']);
  expect(files.get('acme.csv')).toBe(geofeed('NL'));
});

test('a copy that another process put there is served', async () => {
  const { files, say, within } = setting();
  await within(1);
  files.set('acme.csv', geofeed('BE'));
  say(geofeed('BE'));
  expect(await within(10 * MINUTE)).toEqual(['fetch', 'rebuild']);
});

test.each([
  { before: {}, back: undefined },
  {
    before: { 'acme.csv': geofeed('BE', 'NL', 'NL', 'NL') },
    back: geofeed('BE', 'NL', 'NL', 'NL'),
  },
])('what cannot be served is taken back, and tried again', async ({ before, back }) => {
  const { files, say, refuseToServe, within } = setting({ ...before });
  refuseToServe(true);
  say(`${geofeed('BE', 'NL', 'NL', 'NL')}192.0.3.0/26,NL\n`);
  expect(await within(1)).toEqual(['fetch', 'rebuild', 'cloud-ranges-refused']);
  expect(files.get('acme.csv')).toBe(back);
  refuseToServe(false);
  expect(await within(10 * MINUTE)).toEqual(['fetch', 'rebuild', 'cloud-ranges-refreshed']);
});

test('a folder that cannot be read is said, and does not end the refreshes', async () => {
  const { breakFolder, within } = setting();
  breakFolder(true);
  expect(new Set(await within(1))).toEqual(new Set(['cloud-ranges-failed']));
  breakFolder(false);
  expect(await within(10 * MINUTE)).toContain('cloud-ranges-refreshed');
});

test('without an interval nothing happens, until a reload gives one', async () => {
  const { every, refresher, within } = setting();
  every(undefined);
  refresher.restart();
  expect(await within(60 * MINUTE)).toEqual([]);
  every(MINUTE);
  refresher.restart();
  expect(await within(1)).toContain('rebuild');
});

test('nothing follows once it is closed', async () => {
  const { refresher, within } = setting();
  refresher.close();
  expect(await within(60 * MINUTE)).toEqual([]);
});

test('the metrics say how old what is served is', async () => {
  const { metrics, within } = setting();
  await within(MINUTE);
  expect(await metrics.expose()).toContain('archeion_cloud_ranges_age_seconds{feed="acme"} 60\n');
});
