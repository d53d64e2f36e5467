// SPDX-License-Identifier: Apache-2.0
import { isRepository } from '../oci/repository.ts';

/** Says of a repository whether a pattern means it. */
export type RepositoryMatcher = (repository: string) => boolean;

/**
 * Whether a text is a repository name in which `*` may stand for characters of one segment and `**` for
 * characters of several. One that no name could ever match is a mistake, and so is none.
 */
export function isRepositoryGlob(text: string): boolean {
  return !text.includes('***') && isRepository(text.replaceAll(/\*\*?/g, 'x'));
}

/** One place in a pattern: a character, or one of the stars. */
type Step = string;

/**
 * Walks the name once and keeps every place of the pattern it may have come to, so the time is at most the one
 * length times the other, whatever the two are. Nothing is tried and taken back, and no regular expression made.
 */
export function repositoryMatcher(pattern: string): RepositoryMatcher {
  const steps = pattern.match(/\*\*|./g) ?? [];
  const star = steps.findIndex(isStar);
  if (star === -1) return (repository) => repository === pattern;
  const fixed = pattern.slice(0, star);
  const rest = steps.slice(star);
  return (repository) =>
    repository.startsWith(fixed) && isReached(rest, repository.slice(fixed.length));
}

function isReached(steps: readonly Step[], text: string): boolean {
  let places = withStarsPassed(steps, new Set([0]));
  for (const character of text) {
    places = withStarsPassed(steps, afterOne(steps, places, character));
    if (places.size === 0) return false;
  }
  return places.has(steps.length);
}

function afterOne(
  steps: readonly Step[],
  places: ReadonlySet<number>,
  character: string,
): Set<number> {
  const next = new Set<number>();
  for (const place of places) {
    const step = steps[place];
    if (step === '**' || (step === '*' && character !== '/')) next.add(place);
    else if (step === character) next.add(place + 1);
  }
  return next;
}

/** A star may stand for nothing. What is added while a set is walked is walked, too. */
function withStarsPassed(steps: readonly Step[], places: Set<number>): Set<number> {
  for (const place of places) {
    if (isStar(steps[place])) places.add(place + 1);
  }
  return places;
}

function isStar(step: Step | undefined): boolean {
  return step === '*' || step === '**';
}
