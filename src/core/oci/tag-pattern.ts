// SPDX-License-Identifier: Apache-2.0

/**
 * Whether a tag fits a pattern, in which `*` stands for any characters. In time proportional to both: after a
 * star that was passed once, an earlier one never has to be looked at again.
 */
export function matchesTagPattern(pattern: string, tag: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return pattern === tag;
  if (tag.length < start.length + end.length) return false;
  if (!tag.startsWith(start) || !tag.endsWith(end)) return false;
  let place = start.length;
  for (const part of rest) {
    const found = tag.indexOf(part, place);
    if (found === -1 || found + part.length > tag.length - end.length) return false;
    place = found + part.length;
  }
  return true;
}
