// SPDX-License-Identifier: Apache-2.0
import { errorAnswer } from '../../src/http/error-response.ts';
import { silentLog } from '../../src/log.ts';
import { type ReceivedAnswer, receive } from './registry-requests.ts';

/** What a client gets of a failure. */
export function errorAnswerOf(error: unknown): Promise<ReceivedAnswer> {
  return receive(errorAnswer(error, () => 'test', silentLog));
}

/** The code of a refusal; undefined for any other answer. */
export function codeOf({ text }: ReceivedAnswer): string | undefined {
  return text.startsWith('{"errors"') ? JSON.parse(text).errors[0].code : undefined;
}
