// SPDX-License-Identifier: Apache-2.0
import type { EventType } from '../../core/event-types.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { StoreError } from '../store/store-error.ts';
import {
  type DeliveryOptions,
  type DeliveryPorts,
  deliverEvent,
  fieldsOf,
} from './deliver-event.ts';
import {
  type HeldPlace,
  keepPlace,
  LEASE,
  leavePlace,
  type PlacePorts,
  takePlace,
} from './endpoint-place.ts';
import { type Cursor, type LoggedEvent, readLog } from './event-follower.ts';
import { deadKey } from './event-keys.ts';
import type { RegistryEvent } from './registry-event.ts';

export interface EndpointOptions extends DeliveryOptions {
  /** Undefined for all. */
  readonly types: readonly EventType[] | undefined;
  /** This replica, and this run of it. */
  readonly holder: string;
  /** Milliseconds between two looks at a log in which there was nothing new. */
  readonly poll: number;
}

export interface EndpointPorts extends DeliveryPorts {
  readonly storage: StorageDriver;
  readonly delivered: () => void;
  readonly died: () => void;
  /** How far behind the endpoint is, in milliseconds; undefined while another replica tells it. */
  readonly lag: (milliseconds: number | undefined) => void;
}

type Ports = EndpointPorts & { readonly signal: AbortSignal };

/** Milliseconds until the next try after the store failed. */
const AFTER_FAILURE = 5_000;

/**
 * Tells one endpoint of everything in the log, in its order, until the signal says to stop. Of several replicas one
 * does; the others look now and then whether it still lives.
 */
export async function tellEndpoint(options: EndpointOptions, ports: Ports): Promise<void> {
  const { log, sleep, signal, storage, now } = ports;
  const { endpoint, holder, poll } = options;
  const place: PlacePorts = { storage, endpoint, holder, now };
  while (!signal.aborted) {
    try {
      const held = await takePlace(place);
      if (held !== undefined) await tellFrom(held, { options, ports, place });
      ports.lag(undefined);
      await sleep(Math.min(LEASE / 2, poll * 5), signal);
    } catch (error) {
      log.error('events-not-told', error, { endpoint });
      await sleep(AFTER_FAILURE, signal);
    }
  }
}

interface Run {
  readonly options: EndpointOptions;
  readonly ports: Ports;
  readonly place: PlacePorts;
}

/** As long as the place is ours. */
async function tellFrom(first: HeldPlace, run: Run): Promise<void> {
  const { options, ports, place } = run;
  const { signal, sleep, now } = ports;
  let held: HeldPlace | undefined = first;
  let { cursor } = first;
  while (!signal.aborted) {
    const next = await nextEvents(cursor, run);
    const told: Told =
      next.found.length > 0 ? await tellAll(next.found, held, run) : { held, ...next };
    cursor = told.cursor;
    held = told.held;
    const isDue = cursor !== next.from || (held?.until ?? 0) - now() < LEASE / 2;
    if (held !== undefined && isDue) held = await keepPlace(place, held, cursor);
    if (held === undefined) return;
    if (cursor !== next.from) continue;
    ports.lag(0);
    await sleep(options.poll, signal);
  }
  await leavePlace(place, held, cursor);
}

interface NextEvents {
  readonly found: readonly LoggedEvent[];
  readonly from: Cursor;
  /** Where to go on when nothing was found. */
  readonly cursor: Cursor;
}

async function nextEvents(from: Cursor, { options, ports }: Run): Promise<NextEvents> {
  const { storage, log } = ports;
  const { endpoint } = options;
  try {
    const { events, missed } = await readLog(storage, from);
    if (missed > 0) log.warn('events-missed', { endpoint, batches: missed });
    return { found: events, from, cursor: from };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Nobody can read it, so nobody is helped by waiting for it.
    log.error('events-unreadable', error, { endpoint });
    return { found: [], from, cursor: { batch: from.batch + 1, index: 0 } };
  }
}

interface Told {
  /** Undefined when another replica has taken the place. */
  readonly held: HeldPlace | undefined;
  /** Up to where they were told, which is not the end when somebody said to stop. */
  readonly cursor: Cursor;
}

async function tellAll(events: readonly LoggedEvent[], first: HeldPlace, run: Run): Promise<Told> {
  const { options, ports } = run;
  let told = first.cursor;
  const keeping = keeper(() => told, run, first);
  const kept = { ...ports, signal: keeping.signal };
  for (const { event, cursor } of events) {
    ports.lag(Math.max(0, ports.now() - Date.parse(event.time)));
    const isWanted = options.types?.includes(event.type) ?? true;
    if (isWanted && !(await tellOne(event, options, kept))) break;
    told = cursor;
  }
  return { held: await keeping.end(), cursor: told };
}

/** @returns false when it was stopped before the event was told or given up */
async function tellOne(
  event: RegistryEvent,
  options: EndpointOptions,
  ports: Ports,
): Promise<boolean> {
  const delivery = await deliverEvent(event, options, ports);
  if (delivery.kind === 'stopped') return false;
  if (delivery.kind === 'delivered') {
    ports.delivered();
    return true;
  }
  const { endpoint } = options;
  const { id } = event;
  const at = new Date(ports.now()).toISOString();
  const letter = { endpoint, at, last: delivery.last, event };
  await ports.storage.write(deadKey(endpoint, id), JSON.stringify(letter));
  ports.log.warn('event-dead', { endpoint, id, ...fieldsOf(delivery.last) });
  ports.died();
  return true;
}

/** Holds on to a place while events are told, which may take hours; whoever lost it stops. */
function keeper(cursor: () => Cursor, { ports, place }: Run, first: HeldPlace) {
  const lost = new AbortController();
  const over = new AbortController();
  let held: HeldPlace | undefined = first;
  const keep = async (): Promise<void> => {
    const until = AbortSignal.any([over.signal, ports.signal]);
    for (;;) {
      await ports.sleep(LEASE / 3, until);
      if (until.aborted || held === undefined) return;
      held = await keepPlace(place, held, cursor()).catch(() => held);
      if (held === undefined) lost.abort();
    }
  };
  const kept = keep();
  return {
    signal: AbortSignal.any([lost.signal, ports.signal]),
    async end(): Promise<HeldPlace | undefined> {
      over.abort();
      await kept;
      return held;
    },
  };
}
