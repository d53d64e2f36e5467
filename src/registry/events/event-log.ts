// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import type { StorageDriver } from '../../storage/driver.ts';
import { type EventAppender, eventAppender } from './event-appender.ts';
import { settleIntents } from './event-intents.ts';
import { pendingKey } from './event-keys.ts';
import { type Happening, isEnd, type RegistryEvent } from './registry-event.ts';

/** Who does something, and where. */
export interface Teller {
  readonly repository: string;
  readonly by: string | undefined;
}

/** What one request does, told so that none of it is lost when the process dies in the middle. */
export interface Telling {
  /**
   * To be called after looking at what is to be changed, and before changing it. Several that belong together cost
   * one write if they are announced together; what was announced need not be done, but is done once at most.
   *
   * @returns the id of the first: what is written for it has to carry it, so that everybody sees who has done it
   */
  announce(...meant: readonly [Happening, ...(readonly Happening[])]): Promise<string>;
  /** This is done. It is told by {@link finish}. */
  done(happening: Happening): void;
  /** To be called before anything of it is acknowledged. */
  finish(): Promise<void>;
}

export interface EventLog extends Pick<EventAppender, 'append'> {
  tell(teller: Teller): Telling;
}

/** @param now milliseconds since 1970 */
export function openEventLog(storage: StorageDriver, now: () => number = Date.now): EventLog {
  const appender = eventAppender(storage, now);
  const { append } = appender;
  return { append, tell: (teller) => telling(teller, { ...appender, storage, now }) };
}

/** Tells nobody. */
export const NO_TELLING: Telling = {
  announce: async () => randomUUID(),
  done() {},
  finish: async () => {},
};

interface TellingPorts extends EventAppender {
  readonly storage: StorageDriver;
  readonly now: () => number;
}

function telling({ repository, by }: Teller, ports: TellingPorts): Telling {
  const { storage, append, lastBatch, now } = ports;
  const key = pendingKey(repository, randomUUID());
  /** By what they are about: a happening that is announced again, with more known of it, stays the same event. */
  const meant = new Map<string, RegistryEvent>();
  const done = new Map<string, RegistryEvent>();
  let logged: number | undefined;
  let written = '';
  const eventOf = (happening: Happening): RegistryEvent => {
    const known = meant.get(nameOf(happening));
    const id = known?.id ?? idOf(happening);
    const time = known?.time ?? new Date(now()).toISOString();
    return { id, time, repository, by, ...happening };
  };

  async function write(): Promise<void> {
    logged ??= await lastBatch();
    const body = JSON.stringify({ logged, events: [...meant.values()] });
    if (body === written) return;
    await storage.write(key, body);
    written = body;
  }

  const settle = (happenings: readonly Happening[]) => {
    const isMeant = (event: RegistryEvent) => happenings.some((one) => isAbout(event, one));
    return settleIntents({ storage, append }, { repository, own: key, isMeant });
  };

  return {
    async announce(...happenings) {
      for (const one of happenings) meant.set(nameOf(one), eventOf(one));
      await write();
      // How what is ended came about is told first.
      const ending = happenings.filter(({ ends }) => ends !== undefined);
      if (ending.length > 0) await settle(ending);
      return eventOf(happenings[0]).id;
    },
    done: (happening) => void done.set(nameOf(happening), eventOf(happening)),
    async finish() {
      // And before what began, how what was there before came to its end: only now it is certain that it has.
      const begun = [...done.values()].filter(({ ends }) => ends === undefined);
      if (begun.length > 0) await settle(begun);
      if (done.size > 0) await append([...done.values()]);
      // If it stays, its events are told once more, which is no reason to fail.
      if (written !== '') await storage.remove(key).catch(() => undefined);
    },
  };
}

function nameOf({ type, tag, digest }: Happening): string {
  return `${type} ${tag} ${tag === undefined ? digest : ''}`;
}

/** Whether two change the same thing. */
function isAbout(event: RegistryEvent, { tag, digest }: Happening): boolean {
  return tag === undefined ? event.tag === undefined && event.digest === digest : event.tag === tag;
}

/**
 * Two who delete the same at once mean the same event, whoever of them does it: what is gone would not tell. So its id
 * is made from what it ends, in the form that other ids have.
 */
function idOf(happening: Happening): string {
  const { ends } = happening;
  if (!isEnd(happening) || ends === undefined) return randomUUID();
  const hex = createHash('sha256')
    .update(`${nameOf(happening)} ${ends}`)
    .digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
