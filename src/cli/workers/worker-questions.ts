// SPDX-License-Identifier: Apache-2.0
import type { Failure } from './worker-failure.ts';
import type { FromWorker, Question, ToWorker } from './worker-messages.ts';

export type Answer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** It has ended. */
  | { readonly kind: 'gone' }
  /** It said nothing in time; what it says later is not heard. */
  | { readonly kind: 'late' };

/** The questions to one worker that are open. */
export interface Questions {
  /** Never rejects: a worker that says nothing is an answer. */
  ask(question: Question, patience: number): Promise<Answer>;
  heard(message: FromWorker): void;
  /** Nothing will be answered any more. */
  end(): void;
}

export function openQuestions(tell: (message: ToWorker) => void): Questions {
  const open = new Map<number, (answer: Answer) => void>();
  let last = 0;
  let isOver = false;
  return {
    ask(question, patience) {
      if (isOver) return Promise.resolve({ kind: 'gone' });
      last += 1;
      const id = last;
      return new Promise((resolve) => {
        const timer = setTimeout(() => answered({ kind: 'late' }), patience).unref();
        const answered = (answer: Answer) => {
          clearTimeout(timer);
          open.delete(id);
          resolve(answer);
        };
        open.set(id, answered);
        tell({ ...question, id });
      });
    },
    heard(message) {
      if ('id' in message) open.get(message.id)?.(message);
    },
    end() {
      isOver = true;
      for (const answered of open.values()) answered({ kind: 'gone' });
    },
  };
}
