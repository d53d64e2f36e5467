// SPDX-License-Identifier: Apache-2.0
import type { DigestIndexHeader } from '../core/digest-index/digest-index-file.ts';
import { type DigestKnowledge, NO_KNOWLEDGE } from '../core/digest-index/digest-knowledge.ts';
import type { Log } from '../log.ts';
import type { IndexFetcher } from '../upstream/digest-index-fetch.ts';
import { type AcceptedIndex, digestWatch, type IndexedBackend } from './digest-watch.ts';

export interface DigestLoaderPorts {
  readonly fetcher: Pick<IndexFetcher, 'fetchPointer' | 'fetchFile'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** Whether the sizes of blobs are wanted. */
  readonly readsSizes?: boolean;
}

/** Keeps what the indexes of all backends say, up to date by looking at their pointers. */
export interface DigestLoader {
  /** Replaced whole: what somebody holds on to does not change. */
  knowledge(): DigestKnowledge;
  /** Looks at one backend's pointer, and takes over what is new. Never rejects. */
  refresh(backend: string): Promise<void>;
  /** The headers of the indexes in force, by backend. */
  headers(): ReadonlyMap<string, DigestIndexHeader>;
}

export function digestLoader(
  backends: readonly IndexedBackend[],
  { fetcher, now, log, readsSizes = false }: DigestLoaderPorts,
): DigestLoader {
  let knowledge = NO_KNOWLEDGE;
  const headers = new Map<string, DigestIndexHeader>();
  const problems = new Map<string, string>();
  const ports = { fetcher, now, inTurn: turns(), readsSizes };
  const looks = new Map(backends.map((one) => [one.backend, digestWatch(one, ports)]));

  function accept(backend: string, { header, sets }: AcceptedIndex): void {
    knowledge = knowledge.with(backend, { sets, validUntil: header.validUntil });
    headers.set(backend, header);
    problems.delete(backend);
    const { createdAt, validUntil, sha256, sha512 } = header;
    log.info('digest-index-loaded', { backend, entries: sha256 + sha512, createdAt, validUntil });
  }

  /** One line each time something else is wrong, not each time it is looked at. */
  function refuse(backend: string, problem: string): void {
    if (problems.get(backend) === problem) return;
    problems.set(backend, problem);
    log.warn('digest-index-refused', { backend, problem, kept: headers.has(backend) });
  }

  /** It is not believed any more as it is; this gives its memory back, and says so. */
  function dropExpired(backend: string): void {
    const validUntil = headers.get(backend)?.validUntil;
    if (validUntil === undefined || now() < validUntil) return;
    knowledge = knowledge.without(backend);
    headers.delete(backend);
    log.warn('digest-index-expired', { backend, validUntil });
  }

  return {
    knowledge: () => knowledge,
    headers: () => headers,
    async refresh(backend) {
      const look = await looks.get(backend)?.();
      if (look?.kind === 'new') accept(backend, look.file);
      if (look?.kind === 'refused') refuse(backend, look.problem);
      dropExpired(backend);
    },
  };
}

/** Runs one after the other what is given to it at any time. */
function turns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined); // whoever asked gets the failure; the next one does not
    return result;
  };
}
