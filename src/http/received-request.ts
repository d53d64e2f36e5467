// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { HttpRequest, LogFacts } from '../protocol/http.ts';
import type { AnswerSink } from './answer-sink.ts';

/** What is used of node:http's IncomingMessage, which only node-server.ts knows. */
export interface ReceivedMessage extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly socket: Socket;
}

/**
 * A class, unlike everything around it: one is made for every request, and what most requests never ask for
 * (body, signal, id) must not cost a closure each.
 */
export class ReceivedRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly message: ReceivedMessage;
  readonly sink: AnswerSink;
  /** The client sends its body only after a `100 Continue`, which it gets when somebody reads the body. */
  readonly expectsContinue: boolean;
  /** When waiting for the answer began; 0 for one that was there at once, which would not be worth asking the clock. */
  waitingSince = 0;
  noted: LogFacts | undefined = undefined;
  #id: string | undefined;
  #signal: AbortSignal | undefined;
  #body: AsyncIterable<Uint8Array> | undefined;

  constructor(message: ReceivedMessage, sink: AnswerSink, expectsContinue: boolean) {
    this.message = message;
    this.sink = sink;
    this.expectsContinue = expectsContinue;
    this.method = message.method ?? '';
    this.target = message.url ?? '';
  }

  /** Ours, never one that the client sent: it could choose which lines it is confused with. */
  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  note(facts: LogFacts): void {
    this.noted = this.noted === undefined ? facts : { ...this.noted, ...facts };
  }

  get peer(): string {
    return this.message.socket.remoteAddress ?? '';
  }

  header(name: string): string | undefined {
    // Node has built this object anyway, to look for Host; `joinDuplicateHeaders` made repeated lines one.
    const value = this.message.headers[name];
    if (typeof value === 'string' || value === undefined) return value;
    // Only Set-Cookie is a list; anything else is what every object inherits, as in `constructor: x`.
    return Array.isArray(value) ? value.join(', ') : undefined;
  }

  get body(): AsyncIterable<Uint8Array> {
    this.#body ??= readBody(this);
    return this.#body;
  }

  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.sink);
    return this.#signal;
  }
}

async function* readBody(request: ReceivedRequest): AsyncIterable<Uint8Array> {
  const { message, sink, expectsContinue } = request;
  if (message.readableEnded) return;
  if (expectsContinue && !sink.headersSent) sink.writeContinue();
  // A handler that stops half way must not take the connection with it: its 413 has yet to reach the client.
  yield* message.iterator({ destroyOnReturn: false });
}

/** Time running out needs no timer here: every limit on time ends in the connection being destroyed. */
function signalOf(sink: AnswerSink): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    if (!sink.writableFinished) controller.abort();
  };
  if (sink.destroyed) abort();
  else sink.once('close', abort);
  return controller.signal;
}
