// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import {
  forgetHead,
  headOf,
  isBodiless,
  isKnown,
  isStreamed,
  type KnownAnswer,
  lengthOf,
  type StreamedAnswer,
  statedLength,
} from './answer-sink.ts';
import type { Connections } from './connections.ts';
import { errorAnswer } from './error-response.ts';
import { limitIdle } from './idle-connections.ts';
import type { ServerLimits } from './limits.ts';
import type { ReceivedRequest } from './received-request.ts';
import type { RequestLog } from './request-log.ts';
import type { ServerCounts } from './server-counts.ts';
import { closeBody, streamBody } from './stream-body.ts';
import { discardBody } from './unread-body.ts';

/** What all answers of one server have in common. */
export interface SendPorts {
  readonly limits: ServerLimits;
  readonly log: Log;
  readonly requestLog: RequestLog | undefined;
  readonly counts: ServerCounts;
  readonly isDraining: () => boolean;
  /** Connections to which no other answer may be written by hand: part of one is under way, or they have had theirs. */
  readonly answered: WeakSet<object>;
  readonly connections: Connections;
}

interface Outcome {
  readonly bytes: number;
  /** The client has not had all of it. */
  readonly aborted: boolean;
}

/** The client left before there was an answer. Never sent; the number is the one nginx logs for it. */
const CLIENT_GONE: KnownAnswer = { status: 499, headers: [] };

/** Up to here an answer fits the buffers of the connection, and nobody has to watch it leave. */
const SMALL = 64 * 1024;

/**
 * Writes an answer: one of known length in the same turn and without a promise, one that is a stream at the
 * client's pace. Never throws.
 */
export function sendAnswer(ports: SendPorts, request: ReceivedRequest, answer: HttpAnswer): void {
  const { sink } = request;
  try {
    if (ports.isDraining()) sink.shouldKeepAlive = false;
    if (sink.destroyed) abandon(ports, request, answer);
    else if (isKnown(answer)) sendKnown(ports, request, answer);
    else if (isStreamed(answer)) sendStream(ports, request, answer);
    else throw new TypeError('the body of the answer is neither text, bytes nor a stream');
  } catch (error) {
    // A header, status or length that the handler should not have made.
    if (sink.headersSent) sink.destroy();
    else sendFailure(ports, request, error);
  }
}

function sendFailure(ports: SendPorts, request: ReceivedRequest, error: unknown): void {
  forgetHead(request.sink);
  sendKnown(ports, request, refusalOf(ports, request, error));
}

/** What to answer when a handler failed. */
export function refusalOf(ports: SendPorts, request: ReceivedRequest, error: unknown): KnownAnswer {
  if (request.sink.destroyed) return CLIENT_GONE; // which is why the handler failed
  return errorAnswer(error, () => request.id, ports.log);
}

function sendKnown(ports: SendPorts, request: ReceivedRequest, answer: KnownAnswer): void {
  const { sink, method } = request;
  const length = lengthOf(answer);
  const isSent = length > 0 && !isBodiless(method, answer.status);
  sink.writeHead(answer.status, headOf(answer, length, method));
  sink.end(isSent ? answer.body : undefined);
  if (isSent && length > SMALL) limitSending(request, ports.limits.sendTimeout);
  finish(ports, request, answer, { bytes: isSent ? length : 0, aborted: false });
}

function sendStream(ports: SendPorts, request: ReceivedRequest, answer: StreamedAnswer): void {
  const { sink, method } = request;
  try {
    sink.writeHead(answer.status, [...answer.headers]);
  } catch (error) {
    void closeBody(answer.body);
    throw error;
  }
  if (isBodiless(method, answer.status)) {
    sink.end();
    void closeBody(answer.body);
    finish(ports, request, answer, { bytes: 0, aborted: false });
    return;
  }
  const { socket } = request.message;
  wait(ports, request);
  ports.answered.add(socket);
  void streamBody(answer.body, sink, statedLength(answer.headers)).then((end) => {
    if (end.kind === 'broken') {
      ports.log.error('answer-broken', end.error, { requestId: request.id });
      // Reset, not ended: the end of the connection is the end of the body for a client of HTTP/1.0.
      ports.connections.reset(socket);
    }
    finish(ports, request, answer, { bytes: end.bytes, aborted: end.kind !== 'complete' });
  });
}

function abandon(ports: SendPorts, request: ReceivedRequest, answer: HttpAnswer): void {
  if (isStreamed(answer)) void closeBody(answer.body);
  finish(ports, request, answer, { bytes: 0, aborted: true });
}

/** To be called when an answer is not there, or not sent, at once: the clock runs, and so does the limit on idling. */
export function wait(ports: SendPorts, request: ReceivedRequest): void {
  if (request.waitingSince === 0) request.waitingSince = performance.now();
  limitIdle(request.message.socket, ports.limits.idleTimeout);
}

function limitSending({ message, sink }: ReceivedRequest, milliseconds: number): void {
  if (sink.writableFinished) return;
  const timer = setTimeout(() => message.socket.destroy(), milliseconds).unref();
  sink.once('close', () => clearTimeout(timer));
}

function finish(
  ports: SendPorts,
  request: ReceivedRequest,
  { status, facts }: HttpAnswer,
  { bytes, aborted }: Outcome,
): void {
  const { message, method, target, waitingSince, noted } = request;
  ports.counts.answered(status, bytes);
  if (ports.requestLog?.wants(status) === true) {
    const milliseconds = waitingSince === 0 ? 0 : performance.now() - waitingSince;
    const requestId = request.id;
    ports.requestLog.write({
      method,
      target,
      status,
      milliseconds,
      bytes,
      requestId,
      aborted,
      facts: noted === undefined ? facts : { ...noted, ...facts },
    });
  }
  if (!message.readableEnded && !message.destroyed) {
    ports.answered.add(message.socket);
    discardBody(message, ports.limits);
  }
}
