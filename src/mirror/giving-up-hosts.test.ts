// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { givingUpHosts } from './giving-up-hosts.ts';

const SIGNAL = new AbortController().signal;

/** Asks a host so often, which answers as it is told. @returns what came of the last, and how often it was asked */
async function askOften(times: number, answerOf: (place: number) => undefined | UpstreamError) {
  const asked: string[] = [];
  const hosts = givingUpHosts({
    allowed: (urls) => urls,
    async fetchBlob(url) {
      asked.push(url);
      const error = url.includes('other') ? undefined : answerOf(asked.length);
      if (error !== undefined) throw error;
      return undefined;
    },
  });
  const fetch = async (url: string) => {
    const failed = (error: Error) => error.message;
    return await hosts.fetchBlob(url, SIGNAL).catch(failed);
  };
  let last: unknown;
  for (let time = 0; time < times; time += 1) last = await fetch(`https://mcr.example/${time}`);
  const other = await fetch('https://other.example/x');
  return { asked: asked.length - 1, last, other };
}

const silence = () => new UpstreamError('timeout', 'silent');

test('a host that is silent fifty times in a row is not asked again, and others are', async () => {
  expect(await askOften(60, silence)).toEqual({
    asked: 50,
    last: '"mcr.example" is not asked any more: it was silent too often',
    other: undefined,
  });
});

test('one that answers now and then is asked on', async () => {
  const mixed = (place: number) => (place % 50 === 0 ? undefined : silence());
  expect(await askOften(120, mixed)).toMatchObject({ asked: 120 });
});

test('one that says no is asked on: it may have the next', async () => {
  const no = () => new UpstreamError('status', 'no', { status: 403 });
  expect(await askOften(60, no)).toMatchObject({ asked: 60, last: 'no' });
});
