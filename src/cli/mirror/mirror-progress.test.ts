// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { beginPhase } from '../../mirror/mirror-watch.ts';
import { openMirrorProgress } from './mirror-progress.ts';

const gap = { name: 'dublin', blobs: 8, manifests: 2, bytes: 10_240 };

function bench(size?: { readonly columns: number; readonly rows: number }) {
  const written: string[] = [];
  const clock = { now: 0, problems: 0, interval: 0, tick: () => {} };
  const progress = openMirrorProgress({
    write: (text) => written.push(text),
    size: size && (() => size),
    every(milliseconds, tick) {
      Object.assign(clock, { interval: milliseconds, tick });
      return () => Object.assign(clock, { tick: () => expect.fail('it was ended') });
    },
    now: () => clock.now,
    problems: () => clock.problems,
  });
  const later = (milliseconds: number): string => {
    clock.now += milliseconds;
    clock.tick();
    return written.splice(0).join('');
  };
  const said = () => written.splice(0).join('');
  return { progress, clock, later, said };
}

function copying(size?: { readonly columns: number; readonly rows: number }) {
  const given = bench(size);
  const tally = { copied: 0, bytes: 0, moving: 0, failed: 0, lost: undefined };
  for (const phase of ['reading', 'looking-again', 'copying'] as const) {
    beginPhase(given.progress.watch, phase);
  }
  const plan = { copies: [], targets: [gap], wanted: { objects: 10, bytes: 10_240 } };
  given.progress.copies({ plan, tallies: new Map([['dublin', tally]]) });
  given.said();
  return { ...given, tally };
}

const TERMINAL = { columns: 200, rows: 24 };
const UP = '\u001b[1A\u001b[0J';

test('on a terminal a line says how far a target is, how fast it goes and how long that takes', () => {
  const { clock, later, tally } = copying(TERMINAL);
  expect(clock.interval).toBe(500);
  Object.assign(tally, { copied: 3, bytes: 1_024, moving: 1_024, failed: 1 });
  expect(later(2_000)).toContain(
    'dublin: 3 of 10 objects, 1 failed, 2.0 KiB of 10.0 KiB, 1.0 KiB a second, 8 s left\n',
  );
  tally.moving += 100;
  expect(later(6_000)).toContain('269 bytes a second, 30 s left');
  expect(later(60_000)).toContain('2.1 KiB of 10.0 KiB, 0 bytes a second\n');
});

test('an object that is on its way moves the line before it is whole', () => {
  const { later, tally } = copying(TERMINAL);
  later(500);
  tally.moving = 512;
  expect(later(500)).toBe(
    `${UP}dublin: 0 of 10 objects, 512 bytes of 10.0 KiB, 512 bytes a second, 19 s left\n`,
  );
});

test('slow ones are told in minutes, and one that was given up with the reason', () => {
  const { later, tally } = copying(TERMINAL);
  later(500);
  tally.moving = 10;
  expect(later(10_000)).toContain('171 min left');
  Object.assign(tally, { lost: 'no space' });
  expect(later(500)).toContain('dublin: given up, no space: 0 of 10 objects, ');
});

test('before that a terminal shows what is listed, read and looked for again', () => {
  const { progress, later, said, clock } = bench(TERMINAL);
  const { watch } = progress;
  watch.look.listed.set('dublin', 3_000);
  expect(later(500)).toBe('dublin: 3000 objects listed\n');
  beginPhase(watch, 'reading');
  Object.assign(watch.look, { repositories: 7, read: 2 });
  clock.problems = 4;
  expect(later(500)).toContain('source: 2 of 7 repositories read, 4 problems\n');
  beginPhase(watch, 'looking-again');
  Object.assign(watch.look, { unlisted: 90, confirmed: 30 });
  expect(later(500)).toContain('looked again for 30 of 90 that are not listed, 4 problems\n');
  progress.say('archeion: a word\n');
  expect(said()).toContain('archeion: a word\nlooked again');
});

test('anywhere else there is a line of JSON for each target, every ten seconds and at the end', () => {
  const { clock, later, tally, progress, said } = copying();
  expect(clock.interval).toBe(10_000);
  Object.assign(tally, { copied: 3, bytes: 1_024, moving: 1_024, failed: 1 });
  const line = {
    time: '1970-01-01T00:00:10.000Z',
    phase: 'copying',
    target: 'dublin',
    objects: 3,
    of: 10,
    bytes: 2_048,
    bytesPerSecond: 205,
    remaining: 8_192,
    secondsLeft: 40,
    errors: 1,
  };
  expect(JSON.parse(later(10_000))).toEqual(line);
  Object.assign(tally, { lost: 'no space' });
  clock.now += 30_000;
  progress.end();
  const { secondsLeft: _, ...rest } = line;
  const time = '1970-01-01T00:00:40.000Z';
  expect(JSON.parse(said())).toEqual({ ...rest, time, bytesPerSecond: 0, lost: 'no space' });
  progress.end();
  expect(said()).toBe('');
});

test('and one at the end of each phase', () => {
  const { progress, said } = bench();
  const { look } = progress.watch;
  const lastLine = () => JSON.parse(said());
  look.listed.set('dublin', 3_000);
  beginPhase(progress.watch, 'reading');
  const time = '1970-01-01T00:00:00.000Z';
  const errors = 0;
  expect(lastLine()).toEqual({ time, phase: 'listing', target: 'dublin', objects: 3_000, errors });
  Object.assign(look, { repositories: 7, read: 7, unlisted: 9, confirmed: 9 });
  beginPhase(progress.watch, 'looking-again');
  expect(lastLine()).toEqual({ time, phase: 'reading', read: 7, repositories: 7, errors });
  beginPhase(progress.watch, 'copying');
  expect(lastLine()).toEqual({ time, phase: 'looking-again', confirmed: 9, unlisted: 9, errors });
  progress.end();
  expect(said()).toBe('');
});
