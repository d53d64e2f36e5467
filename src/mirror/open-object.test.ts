// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { sha256Of, textOf } from '../../test/support/image-documents.ts';
import { fakeMirrorSource } from '../../test/support/mirror-source.ts';
import type { PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { objectOpener } from './open-object.ts';

const COPY: PlannedCopy = {
  kind: 'blob',
  digest: sha256Of('layer'),
  size: 5,
  mediaType: 'text/x',
  repository: 'app',
  targets: ['dublin'],
  urls: ['https://a.example', 'https://b.example'],
};

const NO = new UpstreamError('forbidden-host', 'no');

/** What URLs give: what is not among them is absent. */
function bench(answers: Readonly<Record<string, string | Error>>) {
  const source = fakeMirrorSource();
  const asked: string[] = [];
  const foreign = {
    async fetchBlob(url: string) {
      asked.push(url);
      const answer = answers[url];
      if (answer instanceof Error) throw answer;
      return answer === undefined ? undefined : pieces(answer);
    },
  };
  const open = objectOpener({ source, kept: new Map(), foreign });
  const attempt = async (signal = new AbortController().signal) => textOf(await open(COPY, signal));
  return { source, asked, attempt };
}

async function* pieces(text: string) {
  yield Buffer.from(text);
}

describe('a layer from elsewhere', () => {
  test('is asked of the source first', async () => {
    const { source, asked, attempt } = bench({});
    source.images.addBlob('text/x', 'layer');
    expect(await attempt()).toBe('layer');
    expect(asked).toEqual([]);
  });

  test('is asked of each URL until one has it', async () => {
    const { asked, attempt } = bench({ 'https://b.example': 'layer' });
    expect(await attempt()).toBe('layer');
    expect(asked).toEqual(COPY.urls);
  });

  test('is asked of the next URL when one may not be asked', async () => {
    const { attempt } = bench({ 'https://a.example': NO, 'https://b.example': 'layer' });
    expect(await attempt()).toBe('layer');
  });

  test('is asked of others first when what one gave was no good', async () => {
    const { source, asked, attempt } = bench({ 'https://a.example': 'wrong' });
    expect(await attempt()).toBe('wrong');
    source.asked.length = 0;
    expect(await attempt()).toBe('wrong');
    expect(source.asked).toEqual([`blob ${COPY.digest}`]);
    expect(asked).toEqual(['https://a.example', 'https://b.example', 'https://a.example']);
  });

  test('that nobody has is lacking', async () => {
    await expect(bench({}).attempt()).rejects.toThrow('"app" lacks it, and so do its URLs');
  });

  test('that nobody gives fails as the last who said why', async () => {
    await expect(bench({ 'https://a.example': NO }).attempt()).rejects.toBe(NO);
  });

  test('is asked for no further when the run is over', async () => {
    const { asked, attempt } = bench({ 'https://a.example': NO });
    await expect(attempt(AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    expect(asked).toEqual(['https://a.example']);
  });
});

test('without hosts that are allowed nobody but the source is asked', async () => {
  const open = objectOpener({ source: fakeMirrorSource(), kept: new Map() });
  expect(await open(COPY, new AbortController().signal)).toBeUndefined();
});
