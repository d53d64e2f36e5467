// SPDX-License-Identifier: Apache-2.0
import type { Found } from './host-problems.ts';
import type { ContentSeen } from './observation.ts';

/** What is wrong with content that came with success; undefined when nothing is, as far as it was read. */
export function contentProblem(content: ContentSeen): Found | undefined {
  const { digest, hashed, body, problem } = content;
  // Said first, because everything else about such an answer is wrong too.
  if (body.kind === 'html' && !isRight(content)) {
    return { problem: 'intercepted', detail: body.title === undefined ? '' : `"${body.title}"` };
  }
  const length = lengthProblem(content);
  if (length !== undefined) return length;
  if (digest !== undefined && hashed !== undefined && digest !== hashed) {
    return { problem: 'wrong-digest', detail: `they are ${hashed}` };
  }
  const claim = claimProblem(content);
  if (claim !== undefined) return claim;
  return problem === undefined ? undefined : { problem: 'malformed', detail: problem };
}

/** A layer may be a page of HTML; nobody but its digest or its length can tell. */
function isRight({ digest, hashed, size, announced }: ContentSeen): boolean {
  return hashed === undefined ? size !== undefined && size === announced : hashed === digest;
}

function lengthProblem({ size, announced }: ContentSeen): Found | undefined {
  if (size === undefined || announced === undefined || size === announced) return undefined;
  return { problem: 'wrong-length', detail: `${announced} bytes, not ${size}` };
}

/** Digests of two algorithms may both be right. */
function claimProblem({ digest, hashed, claimed }: ContentSeen): Found | undefined {
  const right = hashed ?? digest;
  if (claimed === undefined || right === undefined || claimed === right) return undefined;
  if (algorithm(claimed) !== algorithm(right)) return undefined;
  return { problem: 'claimed-digest', detail: `it says ${claimed}` };
}

function algorithm(digest: string): string | undefined {
  return digest.split(':')[0];
}
