// SPDX-License-Identifier: Apache-2.0
import { type Expiring, renewed as renewedEarly } from '../../core/renewed.ts';

/** Milliseconds: what is sent with a token may be signed, and take minutes until it is looked at. */
const EARLY = 240_000;

/** A token or key of a store, asked for again some minutes before it is over. */
export function renewed<T>(fetch: () => Promise<Expiring<T>>): () => Promise<T> {
  return renewedEarly(fetch, { now: Date.now, early: EARLY });
}
