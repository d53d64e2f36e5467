// SPDX-License-Identifier: Apache-2.0
import { parentPort } from 'node:worker_threads';
import { compareSync, truncates } from 'bcryptjs';
import type { BcryptQuestion } from './bcrypt-thread.ts';

/** The thread itself. bcrypt sees 72 bytes of a password: a longer one would be right with any end. */
parentPort?.on('message', ({ id, password, hash }: BcryptQuestion) => {
  const isSame = compareSync(password, hash) && !truncates(password);
  parentPort?.postMessage({ id, isSame });
});
