// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, readDescriptor } from './descriptor.ts';
import { findAmbiguity, type JsonAmbiguity } from './json-ambiguity.ts';
import { isObject, type JsonObject } from './json-object.ts';

/** A manifest's text as one unambiguous JSON object, or what is wrong with it. */
export function parseDocument(text: string): JsonObject | string {
  const ambiguity = findAmbiguity(text);
  if (ambiguity !== undefined) return describe(ambiguity);
  try {
    const document: unknown = JSON.parse(text);
    return isObject(document) ? document : 'it is no JSON object';
  } catch {
    return 'it is no JSON'; // the parser's own message would quote the document
  }
}

function describe(ambiguity: JsonAmbiguity): string {
  switch (ambiguity.kind) {
    case 'duplicate-key':
      return `the key "${excerpt(ambiguity.key)}" comes twice`;
    case 'disguised-key':
      return `the key "${excerpt(ambiguity.key)}" is spelled with escapes`;
    case 'too-deep':
      return 'it is nested too deep';
  }
}

/** A key is as long as its sender likes; what is said about it goes into an answer and a log. */
function excerpt(key: string): string {
  return key.length > 64 ? `${key.slice(0, 64)}…` : key;
}

/** Reads the descriptors of one document; everything it finds wrong goes to `problems`. */
export interface DescriptorReader {
  one(key: string): Descriptor | undefined;
  many(key: string): readonly Descriptor[];
}

/** `null` stands for absence: Go's encoder writes it for empty lists. */
export function descriptorReader(document: JsonObject, problems: string[]): DescriptorReader {
  const read = (value: unknown, path: string): Descriptor[] => {
    const descriptor = readDescriptor(value);
    if (typeof descriptor !== 'string') return [descriptor];
    problems.push(`${path} ${descriptor}`);
    return [];
  };
  return {
    one(key) {
      const value = document[key] ?? undefined;
      return value === undefined ? undefined : read(value, key)[0];
    },
    many(key) {
      const value = document[key] ?? [];
      if (Array.isArray(value))
        return value.flatMap((entry, index) => read(entry, `${key}[${index}]`));
      problems.push(`${key} is no list`);
      return [];
    },
  };
}
