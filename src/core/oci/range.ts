// SPDX-License-Identifier: Apache-2.0

/** What of a representation was asked for; `first` and `last` are inclusive and lie within it. */
export type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RequestedRange = { kind: 'whole' };
const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Reads a Range header. What is malformed, of another unit, or more than one range is ignored, as RFC 9110
 * section 14.2 allows: the whole is then the answer. One that ends before it begins is refused, which the same
 * section allows too: whoever counted wrong learns it, and the specification's own tests ask for that.
 *
 * @param size of the whole, in bytes
 */
export function parseRange(header: string | undefined, size: number): RequestedRange {
  const match = header === undefined ? null : ONE_RANGE.exec(header);
  if (match === null) return WHOLE;
  const [, first = '', last = ''] = match;
  return first === '' ? suffixRange(last, size) : range(first, last, size);
}

function suffixRange(length: string, size: number): RequestedRange {
  if (length === '') return WHOLE;
  if (Number(length) === 0) return { kind: 'unsatisfiable' };
  // Content-Range cannot name a part of nothing.
  if (size === 0) return WHOLE;
  return { kind: 'part', first: Math.max(0, size - Number(length)), last: size - 1 };
}

// However many digits: a number too large to be exact is past every end as well.
function range(first: string, last: string, size: number): RequestedRange {
  const isBackwards = last !== '' && Number(last) < Number(first);
  if (isBackwards || Number(first) >= size) return { kind: 'unsatisfiable' };
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return { kind: 'part', first: Number(first), last: end };
}
