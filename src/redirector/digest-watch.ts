// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { DigestIndexFile } from '../core/digest-index/digest-index-file.ts';
import type { IndexPointer } from '../core/digest-index/index-pointer.ts';
import type { IndexFetcher } from '../upstream/digest-index-fetch.ts';
import { openDigestIndex } from '../upstream/digest-index-seal.ts';

/** A backend that publishes an index. */
export interface IndexedBackend {
  readonly backend: string;
  readonly url: string;
  /** Where the pointer lies. */
  readonly pointerUrl: string;
  /** Whose signature the index has to carry, when the backend has to prove that it is ours. */
  readonly publicKey: KeyObject | undefined;
}

export interface WatchPorts {
  readonly fetcher: Pick<IndexFetcher, 'fetchPointer' | 'fetchFile'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Has files wait for each other: forty that are read at once would have to fit into memory at once. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Whether the sizes of blobs are wanted. */
  readonly readsSizes: boolean;
}

/** What is kept of a file. */
export type AcceptedIndex = Pick<DigestIndexFile, 'header' | 'sets'>;

export type Look =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'new'; readonly file: AcceptedIndex }
  | { readonly kind: 'refused'; readonly problem: string };

/** Looks whether a backend has published another index. Never rejects. */
export function digestWatch(watched: IndexedBackend, ports: WatchPorts): () => Promise<Look> {
  let etag: string | undefined;
  let accepted: { readonly checksum: string; readonly createdAt: number } | undefined;

  async function look(): Promise<Look> {
    const found = await ports.fetcher.fetchPointer(watched.pointerUrl, etag);
    if (found.kind === 'absent') return refused('there is no pointer to one');
    if (found.kind === 'unchanged') return found;
    const { pointer } = found;
    if (pointer.checksum === accepted?.checksum) return { kind: 'unchanged' };
    const opened = await ports.inTurn(() => open(pointer));
    if (!opened.ok) return refused(opened.problem);
    const { file, checksum } = opened;
    if (checksum !== pointer.checksum) return refused('its checksum is not the one of its pointer');
    const { createdAt } = file.header;
    // Whoever can write to a backend, but not sign, could bring an old index back.
    const isOlder = createdAt < (accepted?.createdAt ?? createdAt);
    if (isOlder) return refused('it is older than the last one');
    accepted = { checksum, createdAt };
    // Remembered for what was accepted only: what was refused may be half written, and is looked at again.
    etag = found.etag;
    return { kind: 'new', file };
  }

  async function open(pointer: IndexPointer) {
    const bytes = await ports.fetcher.fetchFile(watched.pointerUrl, pointer);
    if (bytes === undefined) return absent(pointer);
    const opened = openDigestIndex(bytes, { ...watched, ...ports, now: ports.now() });
    if (!opened.ok) return opened;
    const checksum = `sha256:${Buffer.from(opened.file.checksum).toString('hex')}`;
    freeMemory(bytes);
    return { ...opened, checksum };
  }

  return async () => {
    try {
      return await look();
    } catch (error) {
      return refused(error instanceof Error ? error.message : String(error));
    }
  };
}

function absent({ file }: IndexPointer) {
  return { ok: false, problem: `its pointer names "${file}", which is not there` } as const;
}

/**
 * Of bytes that nobody looks at any more. The collector would get to it only when it has other reasons to run, and a
 * front makes so little garbage that a file of 15 MiB may stay for hours.
 */
function freeMemory({ buffer, byteLength }: Uint8Array): void {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isWhole) buffer.transfer(0);
}

function refused(problem: string): Look {
  return { kind: 'refused', problem };
}
