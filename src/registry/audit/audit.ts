// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import type { Operation } from '../observe/operation.ts';

/** What somebody did, or tried to do. */
export interface AuditEntry {
  readonly operation: Operation | 'tag-set' | 'login';
  /** `refused` is our decision, `failed` our misfortune: then part of it may have been done. */
  readonly result: 'done' | 'refused' | 'failed';
  /** Who it was; undefined for somebody who did not say. */
  readonly user?: string | undefined;
  /** Who somebody said they are, when that was wrong. */
  readonly claimed?: string | undefined;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
  /** What a tag pointed at before. */
  readonly before?: Digest | undefined;
  /** Of a refusal. */
  readonly code?: string | undefined;
}

/** Resolves when the entry is written, so that nothing is acknowledged that nobody could find out about. */
export type Audit = (request: HttpRequest, entry: AuditEntry) => Promise<void>;
