// SPDX-License-Identifier: Apache-2.0
import type { Handler, HttpAnswer } from '../protocol/http.ts';
import type { AnswerSink } from './answer-sink.ts';
import { protocolFault } from './protocol-fault.ts';
import { type ReceivedMessage, ReceivedRequest } from './received-request.ts';
import { refusalOf, type SendPorts, sendAnswer, wait } from './send-answer.ts';

/** Carries one request to the handler and the answer back. Never throws and never rejects. */
export type Exchange = (
  message: ReceivedMessage,
  sink: AnswerSink,
  expectsContinue: boolean,
) => void;

export function exchangeWith(handler: Handler, ports: SendPorts): Exchange {
  return (message, sink, expectsContinue) => {
    // Closed in the other direction: nobody can be answered, so nothing may happen either.
    if (message.socket.writableEnded) return;
    const request = new ReceivedRequest(message, sink, expectsContinue);
    const fault = protocolFault(message);
    if (fault !== undefined) {
      sink.shouldKeepAlive = false;
      sendAnswer(ports, request, refusalOf(ports, request, fault));
      message.socket.end(); // what follows on the connection may be part of this request, or another one
      return;
    }
    let answer: HttpAnswer | Promise<HttpAnswer>;
    try {
      answer = handler(request);
    } catch (error) {
      answer = refusalOf(ports, request, error);
    }
    if (answer instanceof Promise) void settle(ports, request, answer);
    else sendAnswer(ports, request, answer);
  };
}

async function settle(
  ports: SendPorts,
  request: ReceivedRequest,
  promise: Promise<HttpAnswer>,
): Promise<void> {
  wait(ports, request);
  let answer: HttpAnswer;
  try {
    answer = await promise;
  } catch (error) {
    answer = refusalOf(ports, request, error);
  }
  sendAnswer(ports, request, answer);
}
