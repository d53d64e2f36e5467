// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { Explain } from '../../redirector/explain-handler.ts';
import { errorOf } from './worker-failure.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Longer than all probes of a request together. */
const PATIENCE = 10_000;

/** Has a worker explain, by what that one knows: each has a memory of its own. */
export function explainByWorker(listening: () => readonly WorkerProcess[]): Explain {
  return async (target, address) => {
    const [worker] = listening();
    const answer = await worker?.ask({ kind: 'explain', target, address }, PATIENCE);
    switch (answer?.kind) {
      case 'done':
        return answer.value;
      case 'refused':
        throw errorOf(answer.failure);
      case 'gone':
      case 'late':
      case undefined:
        throw new RegistryError('UNSUPPORTED', 'no worker answers: try again', { status: 503 });
    }
  };
}
