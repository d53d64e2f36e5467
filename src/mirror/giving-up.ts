// SPDX-License-Identifier: Apache-2.0
import { UpstreamError } from '../upstream/upstream-error.ts';
import { isOfSource } from './copy-object.ts';
import type { MirrorSource } from './mirror-source.ts';

/** So many questions in a row without an answer, each asked several times, are minutes: a restart is over by then. */
const MOST_IN_A_ROW = 200;

/** A source that is not asked any more once it was silent for so long: a million repositories would take days. */
export function givingUp(source: MirrorSource): MirrorSource {
  let silent = 0;
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    if (silent >= MOST_IN_A_ROW) throw givenUp(source.name);
    try {
      const answer = await question();
      silent = 0;
      return answer;
    } catch (error) {
      silent = isOfSource(error) ? silent + 1 : 0;
      throw error;
    }
  }
  return {
    name: source.name,
    listRepositories: (...given) => ask(() => source.listRepositories(...given)),
    listTags: (...given) => ask(() => source.listTags(...given)),
    digestOfTag: (...given) => ask(() => source.digestOfTag(...given)),
    listReferrers: (...given) => ask(() => source.listReferrers(...given)),
    content(repository) {
      const content = source.content(repository);
      const { sizeOfBlob } = content;
      return {
        ...(sizeOfBlob && { sizeOfBlob: (...given) => ask(() => sizeOfBlob(...given)) }),
        fetchManifest: (...given) => ask(() => content.fetchManifest(...given)),
        fetchBlob: (...given) => ask(() => content.fetchBlob(...given)),
      };
    },
  };
}

function givenUp(name: string): UpstreamError {
  return new UpstreamError(
    'unreachable',
    `"${name}" is not asked any more: it was silent too often`,
  );
}
