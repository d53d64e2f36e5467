// SPDX-License-Identifier: Apache-2.0

/** Writes one JSON object with a list that is as long as it likes: entry by entry, as they come. */
export interface JsonList {
  add(entry: unknown): void;
  /** Ends the list and the object; what is given stands after the list. */
  end(rest?: Readonly<Record<string, unknown>>): void;
}

/** @param head what stands before the list that is called `name` */
export function openJsonList(
  out: (text: string) => void,
  name: string,
  head: Readonly<Record<string, unknown>> = {},
): JsonList {
  let separator = '\n';
  out(
    `{${membersOf(head)
      .map((member) => `${member},`)
      .join('')}${JSON.stringify(name)}:[`,
  );
  return {
    add(entry) {
      out(`${separator}${JSON.stringify(entry)}`);
      separator = ',\n';
    },
    end(rest = {}) {
      out(
        `\n]${membersOf(rest)
          .map((member) => `,${member}`)
          .join('')}}\n`,
      );
    },
  };
}

function membersOf(members: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
}
