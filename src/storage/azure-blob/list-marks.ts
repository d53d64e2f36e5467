// SPDX-License-Identifier: Apache-2.0
import { compareKeys } from '../key.ts';

/** Where pages of lists began: a store that can only go on from its own marks has nothing else to seek by. */
export interface ListMarks {
  /** The mark of the page that begins closest before what comes after a key. */
  closest(list: string, after: string): string | undefined;
  /** @param last the last key of the page before the mark */
  keep(list: string, last: string, mark: string): void;
}

interface Mark {
  readonly list: string;
  readonly last: string;
  readonly mark: string;
}

/** Remembers so many, the latest: whoever reads a list page by page asks for the next one soon. */
export function listMarks(most = 256): ListMarks {
  const marks: Mark[] = [];
  return {
    closest(list, after) {
      let found: Mark | undefined;
      for (const mark of marks) {
        if (mark.list !== list || compareKeys(mark.last, after) > 0) continue;
        if (found === undefined || compareKeys(mark.last, found.last) > 0) found = mark;
      }
      return found?.mark;
    },
    keep(list, last, mark) {
      const place = marks.findIndex((other) => other.list === list && other.last === last);
      if (place !== -1) marks.splice(place, 1);
      marks.push({ list, last, mark });
      if (marks.length > most) marks.shift();
    },
  };
}
