// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { keysAt, nearestWord } from './known-keys.ts';

type Issue = z.core.$ZodIssue;

/** Everything that is wrong with a document, each with its path, in the words of those who write such files. */
export function problemsOf({ issues }: z.ZodError, schema: z.ZodType): readonly string[] {
  return issues.flatMap((issue) => {
    const place = issue.path.join('.') || '(document)';
    return messagesOf(issue, schema).map((message) => `${place}: ${message}`);
  });
}

function messagesOf(issue: Issue, schema: z.ZodType): readonly string[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(
        z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
        issue.path,
      );
      return unknownKeys(issue.keys, known);
    }
    case 'invalid_type':
      return [wrongType(issue)];
    case 'invalid_union':
      return [ofNoKind(issue, schema)];
    case 'invalid_value':
      return [oneOf(issue.values)];
    default:
      return [issue.message];
  }
}

function unknownKeys(keys: readonly string[], known: readonly string[]): readonly string[] {
  const meant = keys.map((key) => ({ key, word: nearestWord(key, known) }));
  const strange = meant.filter(({ word }) => word === undefined).map(({ key }) => `"${key}"`);
  const misspelled = meant.flatMap(({ key, word }) =>
    word === undefined ? [] : [`unknown key "${key}": did you mean "${word}"?`],
  );
  if (strange.length === 0) return misspelled;
  const which = `unknown key ${strange.join(', ')}`;
  const advice = `look at its spelling and indentation; known here are ${known.join(', ')}`;
  return [...misspelled, `${which}: ${advice}`];
}

const WANTED: Readonly<Record<string, string>> = {
  object: 'keys with values, `key: value`, indented alike',
  array: 'a list: [one, other], or each behind a dash of its own',
  tuple: 'a list: [one, other], or each behind a dash of its own',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
};
const FOUND: Readonly<Record<string, string>> = {
  null: 'nothing',
  object: 'keys with values',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
};

function wrongType({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const received = / received (\w+)$/.exec(message)?.[1] ?? '';
  // What type a key should have had says little to somebody who has never heard of the key.
  if (received === 'undefined') return 'has to be there';
  const [wanted, found] = [WANTED[expected], FOUND[received]];
  return wanted === undefined || found === undefined
    ? message
    : `expected ${wanted}; here is ${found}`;
}

/** None of several alternatives: by the key that tells them apart, or else what each of them would want. */
function ofNoKind(issue: z.core.$ZodIssueInvalidUnion, schema: z.ZodType): string {
  if ('options' in issue && Array.isArray(issue.options)) return oneOf(issue.options);
  const wishes = issue.errors.flatMap(([first]) =>
    first === undefined ? [] : messagesOf(first, schema),
  );
  return wishes.length === 0 ? issue.message : [...new Set(wishes)].join(', or ');
}

function oneOf(values: readonly unknown[]): string {
  return `expected one of ${values.join(', ')}`;
}
