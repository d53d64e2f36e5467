// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { sha256Of } from '../image-documents.ts';
import { addImage, contentSet } from './content-set.ts';
import { referrersAt } from './pull-conformance.ts';
import { pushSet } from './push-set.ts';
import type { Wire } from './wire.ts';

const repository = 'conformance/one';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery */
export function listConformance(start: () => Promise<Wire>): void {
  describe('what is empty', () => emptiness(start));
  describe('pages', () => pages(start));
}

/** What a repository that nobody has pushed to answers. */
function emptiness(start: () => Promise<Wire>): void {
  test('the API is there', async () => {
    expect((await (await start()).send('GET', '/v2/')).status).toBe(200);
  });

  test('a repository without content has no tags, and no name', async () => {
    const answer = await (await start()).send('GET', `${repository}/tags/list`);
    expect([answer.status, answer.code]).toEqual([404, 'NAME_UNKNOWN']);
  });

  test('a repository without content has referrers of anything: none', async () => {
    const path = `${repository}/referrers/${sha256Of('absent')}`;
    expect(await referrersAt(await start(), path)).toEqual([]);
  });
}

function pages(start: () => Promise<Wire>): void {
  test('tags come in pages of a size, in their order, by following links', async () => {
    const [wire, set] = [await start(), contentSet()];
    const image = addImage(set);
    const names = ['v1', 'V1', 'latest', 'v10', 'v2', '_x', '0'];
    for (const name of names) set.tags.set(name, image);
    await pushSet({ wire, repository }, set);
    expect(await followed(wire, `${repository}/tags/list?n=2`)).toEqual(names.toSorted());
    const whole = await wire.send('GET', `${repository}/tags/list?n=0`);
    expect(whole.headers.get('link')).toBeNull();
  });
}

async function followed(wire: Wire, first: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (let path: string | undefined = first; path !== undefined; ) {
    const { bytes, headers } = await wire.send('GET', path);
    found.push(...JSON.parse(bytes.toString()).tags);
    path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
  }
  return found;
}
