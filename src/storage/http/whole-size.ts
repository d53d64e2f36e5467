// SPDX-License-Identifier: Apache-2.0
import type { StoreAnswer } from './store-client.ts';

/** Bytes of the whole object; of a part, they are at the end of Content-Range. */
export function wholeSize({ header }: Pick<StoreAnswer, 'header'>): number {
  const whole = /\/(\d+)$/.exec(header('content-range') ?? '')?.[1];
  return Number(whole ?? header('content-length'));
}
