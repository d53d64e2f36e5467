// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { fieldsOf } from '../fields-of.ts';

/**
 * Closes connections that were on their way to a process when it ended. Node waits for the process to say that
 * it has them, keeps them open until then, and clients wait for an answer that nobody gives. It has no door for
 * this, so its messages are read as they pass; would they look different one day, they are let pass.
 */
export function closeUndelivered(child: ChildProcess): void {
  const onTheirWay = new Map<unknown, { close(): void }>();
  const send = child.send.bind(child);
  child.send = (message: unknown, ...rest: unknown[]) => {
    const [connection] = rest;
    const { act, seq } = fieldsOf(message);
    if (act === 'newconn' && isClosable(connection)) onTheirWay.set(seq, connection);
    // The overloads of `send` are one function, and get what they were given.
    return Reflect.apply(send, child, [message, ...rest]);
  };
  child.on('internalMessage', (message: unknown) => onTheirWay.delete(fieldsOf(message)['ack']));
  child.once('exit', () => {
    for (const connection of onTheirWay.values()) connection.close();
  });
}

function isClosable(value: unknown): value is { close(): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'close' in value &&
    typeof value.close === 'function'
  );
}
