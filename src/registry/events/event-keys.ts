// SPDX-License-Identifier: Apache-2.0

/**
 * Where a registry keeps what it tells.
 *
 * ```
 * events/log/<12 digits>/<3 digits>      the log: batches of events, numbered without a gap
 * events/pending/<repository>/<id>       what somebody is about to do, until it is in the log
 * events/endpoints/<name>                how far an endpoint has been told, and who is telling it
 * events/dead/<name>/<event id>          what an endpoint would not take
 * ```
 */
export const EVENTS_PREFIX = 'events/';
export const LOG_PREFIX = `${EVENTS_PREFIX}log/`;
export const PENDING_PREFIX = `${EVENTS_PREFIX}pending/`;
export const DEAD_PREFIX = `${EVENTS_PREFIX}dead/`;

/** Batches below one segment: a folder of a file system takes no more lightly, and a list comes to the newest soon. */
const FOLDER = 1_000;

/** @param number of the batch, from 1 */
export function batchKey(number: number): string {
  const folder = String(Math.floor(number / FOLDER)).padStart(12, '0');
  return `${LOG_PREFIX}${folder}/${String(number % FOLDER).padStart(3, '0')}`;
}

/** Undefined for a key that is none. */
export function numberOfBatch(key: string): number | undefined {
  const match = /^(\d{12})\/(\d{3})$/.exec(key.slice(LOG_PREFIX.length));
  if (match === null || !key.startsWith(LOG_PREFIX)) return undefined;
  return Number(match[1]) * FOLDER + Number(match[2]);
}

/** As in a link, `!` stands for the slashes of a repository. */
export function pendingPrefix(repository: string): string {
  return `${PENDING_PREFIX}${repository.replaceAll('/', '!')}/`;
}

export function pendingKey(repository: string, id: string): string {
  return `${pendingPrefix(repository)}${id}`;
}

export function endpointKey(name: string): string {
  return `${EVENTS_PREFIX}endpoints/${name}`;
}

export function deadKey(name: string, id: string): string {
  return `${DEAD_PREFIX}${name}/${id}`;
}
