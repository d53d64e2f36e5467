// SPDX-License-Identifier: Apache-2.0
import {
  isRepositoryGlob,
  type RepositoryMatcher,
  repositoryMatcher,
} from '../access/repository-pattern.ts';
import { isRepository } from '../oci/repository.ts';
import { matchesTagPattern } from '../oci/tag-pattern.ts';

/** Which tags of which repositories are meant. */
export interface Selection {
  /** The repository, when it is a single one: then nobody has to be asked which there are. */
  readonly repository: string | undefined;
  /** What every repository that it means begins with, whole parts of a name; empty when there is no such part. */
  readonly below: string;
  readonly meansRepository: RepositoryMatcher;
  readonly meansTag: (tag: string, repository: string) => boolean;
}

const TAGS = /^[A-Za-z0-9_.*-]{1,128}$/;

/** Reads `team/*`, `team/**`, `app:v*`; undefined for what nothing could ever match. */
export function parseSelection(text: string): Selection | undefined {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const tags = colon === -1 ? '*' : text.slice(colon + 1);
  if (!isRepositoryGlob(name) || !TAGS.test(tags)) return undefined;
  return {
    repository: isRepository(name) ? name : undefined,
    below: name.slice(0, Math.max(0, name.slice(0, starAt(name)).lastIndexOf('/'))),
    meansRepository: repositoryMatcher(name),
    meansTag: (tag) => matchesTagPattern(tags, tag),
  };
}

/**
 * Reads several, of which those that begin with `!` take away from all others, wherever they stand: repositories, or,
 * with a pattern of tags, those tags of them. What is none is passed over.
 */
export function parseSelections(texts: readonly string[]): readonly Selection[] {
  const excluded = texts.filter(isExclusion).flatMap(parseExclusion);
  const whole = excluded.filter(({ isWhole }) => isWhole);
  const isOut = (name: string) => whole.some(({ meansRepository }) => meansRepository(name));
  return texts.flatMap((text) => {
    const own = parseSelection(text);
    if (own === undefined || isOut(own.repository ?? '')) return [];
    return {
      ...own,
      meansRepository: (name) => own.meansRepository(name) && !isOut(name),
      meansTag: (tag, name) =>
        own.meansTag(tag, name) &&
        !excluded.some((out) => out.meansRepository(name) && out.meansTag(tag, name)),
    };
  });
}

/** Whether a text takes away from others. */
export function isExclusion(text: string): boolean {
  return text.startsWith('!');
}

interface Exclusion extends Selection {
  /** Whether it means all tags, and so the repository itself. */
  readonly isWhole: boolean;
}

function parseExclusion(text: string): readonly Exclusion[] {
  const own = parseSelection(text.slice(1));
  return own === undefined ? [] : [{ ...own, isWhole: !text.includes(':') }];
}

function starAt(name: string): number {
  const star = name.indexOf('*');
  return star === -1 ? name.length : star;
}

/** The tags of a repository that any of the selections means. */
export function selectTags(
  selections: readonly Selection[],
  repository: string,
  tags: readonly string[],
): readonly string[] {
  const own = selections.filter(({ meansRepository }) => meansRepository(repository));
  return tags.filter((tag) => own.some(({ meansTag }) => meansTag(tag, repository)));
}
