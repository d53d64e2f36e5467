// SPDX-License-Identifier: Apache-2.0

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Opaque; differs after every write (a generation). Some stores have nothing but a hash of the content (an
   * ETag): whatever is changed on condition of its version carries something that differs.
   */
  readonly version: string;
  /** Milliseconds since 1970, by the store's clock; of what was just written, about that. */
  readonly modifiedAt: number;
}

/** Inclusive at both ends, as in an HTTP Range header. Both may lie past the end. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export type WriteCondition = { readonly absent: true } | { readonly version: string };

export interface WriteOptions {
  /** When given, a body of another length is an error and nothing is written. */
  readonly size?: number;
  readonly condition?: WriteCondition;
  /**
   * The hash of the bytes, in hexadecimal, where whoever brings them fails rather than end with others: a store that is
   * told of a hash with the bytes need not work it out.
   */
  readonly sha256?: string;
  readonly contentType?: string;
  /** What clients that read the object from the store itself are told, where the store can tell them. */
  readonly cacheControl?: string;
  /** For nobody but the store's owner to read, where the store can tell: a folder on a machine of many users. */
  readonly isSecret?: boolean;
  /**
   * Of something under way that can be begun again. It survives the end of every process, as all that is written, but
   * when the machine stops it may be lost or torn: to wait for the disk would cost more than it is worth.
   */
  readonly isTransient?: boolean;
  readonly signal?: AbortSignal;
}

export type RemoveOptions = Pick<WriteOptions, 'condition' | 'isTransient'>;

export interface ListOptions {
  /** Only keys greater than this one, cut keys included: the last key of a page gives the next page. */
  readonly after?: string;
  readonly limit?: number;
  /**
   * Keys are cut after the first delimiter behind the prefix, and each cut key comes once, with size 0, time 0 and
   * an empty version.
   */
  readonly delimiter?: string;
  /** What is told beside keys may be 0 and empty: some stores would have to look at each object to tell. */
  readonly keysOnly?: boolean;
}

export type Body = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface ReadResult {
  /** Of the whole object, whatever the range. */
  readonly info: ObjectInfo;
  /** Read it to its end, or close its iterator: it may hold a file or a connection open. To be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Instead of `body`, where there is one: the memory of a chunk is used again when the next is asked for. */
  readonly lent?: AsyncIterable<Uint8Array>;
  /** All that `body` gives, where it is in memory: not to be changed, others may have the same. */
  readonly bytes?: Uint8Array;
}

/** An upload in parts: a JSON value, so that another process can go on with it. */
export interface UploadHandle {
  readonly key: string;
  readonly id: string;
  readonly parts: ReadonlyArray<{ readonly tag: string; readonly size: number }>;
}

/** What uploads may be removed: those that began before a time, and that nobody knows of any more. */
export interface UploadSweep {
  /** Milliseconds since 1970. */
  readonly before: number;
  /** Whether somebody may go on with an upload, by the `id` of its handle. */
  readonly isUnderWay: (id: string) => boolean;
}

/**
 * A place that holds bytes under keys.
 *
 * - A key that is not there is `undefined`, never an exception.
 * - A write is atomic: readers see all of it or none of it, and an acknowledged one survives a crash.
 * - A condition that does not hold is `'conflict'`, and nothing has changed.
 * - Keys are listed in byte order of their UTF-8.
 * - A key is 1 to 1024 bytes of UTF-8 in segments between single slashes, without NUL. It may be an object and
 *   the beginning of other keys at once.
 * - The body of a write is read to its end, also when its condition does not hold.
 * - What the body of a write throws is thrown as it is, and nothing is written.
 * - Anything else that goes wrong throws a StorageError that names the key.
 *
 * `test/support/storage-driver-contract.ts` says the same as tests; every driver runs it.
 */
export interface StorageDriver {
  readonly name: string;
  stat(key: string): Promise<ObjectInfo | undefined>;
  read(key: string, range?: ByteRange, signal?: AbortSignal): Promise<ReadResult | undefined>;
  write(key: string, body: Body, options?: WriteOptions): Promise<ObjectInfo | 'conflict'>;
  remove(key: string, options?: RemoveOptions): Promise<'removed' | 'absent' | 'conflict'>;
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** Within the store, whatever the size. */
  copy(from: string, to: string): Promise<ObjectInfo | undefined>;
  /**
   * An upload is no object until it is finished; unless it is finished or aborted it takes space for days. Until then it
   * may be lost when the machine stops, as what is transient.
   * A part counts when it is in the handle: of two that were appended to the same handle only one will.
   * After `'conflict'` the upload is still there. An unknown one throws `unknown-upload`, but may be aborted.
   * Under which key it becomes an object is what the handle says when it is finished.
   */
  startUpload(key: string, options?: { readonly contentType?: string }): Promise<UploadHandle>;
  appendPart(upload: UploadHandle, body: Body, signal?: AbortSignal): Promise<UploadHandle>;
  finishUpload(upload: UploadHandle, condition?: WriteCondition): Promise<ObjectInfo | 'conflict'>;
  abortUpload(upload: UploadHandle): Promise<void>;
  /** Bytes of a part from which on the store itself can make objects of parts; smaller ones cost more. */
  readonly leastPart?: number;
  /** Bytes of memory that the write of a body of so many bytes takes, where parts of bodies are put together first. */
  readonly bufferedOf?: (size: number) => number;
  /** Frees what uploads left behind, where nobody else does; returns how much there was. */
  readonly sweepUploads?: (sweep: UploadSweep) => Promise<number>;
  /** Only where the store can hand a client a direct URL. */
  readonly directUrl?: (
    key: string,
    options: { readonly method: 'GET'; readonly seconds: number },
  ) => Promise<string>;
}

/** What whoever fills a store for others to read needs of it. */
export type ObjectStore = Pick<
  StorageDriver,
  'name' | 'stat' | 'read' | 'write' | 'remove' | 'list' | 'bufferedOf'
>;
