// SPDX-License-Identifier: Apache-2.0
import { type SecretInput, UsageError } from '../command.ts';

/** Bytes: nobody has such a password, and a file that was given by mistake is longer. */
const LONGEST = 4_096;
const ENTER = new Set(['\r', '\n', '\u0004']);
const ERASE = new Set(['\b', '\u007f']);
const INTERRUPT = '\u0003';

/**
 * A secret from standard input: what a person types, without showing it, or all that another program writes there.
 * Never from an argument, which every user of the machine can read.
 *
 * @throws UsageError when there is none
 */
export async function readSecret(
  input: SecretInput | undefined,
  prompt: (text: string) => void,
): Promise<string> {
  if (input === undefined) throw new UsageError('there is no standard input to read from');
  if (input.isTTY !== true) return readAll(input);
  const first = await readHidden(input, () => prompt('password: '));
  prompt('\n');
  const second = await readHidden(input, () => prompt('once more: '));
  prompt('\n');
  if (first !== second) throw new UsageError('the two passwords differ');
  return first;
}

async function readAll(input: SecretInput): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > LONGEST) throw new UsageError('that is too long for a password');
  }
  return text.replace(/\r?\n$/, '');
}

async function readHidden(input: SecretInput, ask: () => void): Promise<string> {
  input.setEncoding('utf8');
  input.setRawMode?.(true); // else the terminal shows it
  ask();
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = '';
      const take = (chunk: unknown) => {
        for (const character of String(chunk)) {
          if (character === INTERRUPT) return end(() => reject(new UsageError('interrupted')));
          if (ENTER.has(character)) return end(() => resolve(text));
          text = ERASE.has(character) ? text.slice(0, -1) : text + character;
        }
      };
      const end = (settle: () => void) => {
        input.off('data', take);
        settle();
      };
      input.on('data', take);
      input.resume(); // it stands still since the last time
    });
  } finally {
    input.setRawMode?.(false);
    input.pause(); // else it keeps the process
  }
}
