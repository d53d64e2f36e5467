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
  readonly meansTag: (tag: string) => boolean;
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
  return tags.filter((tag) => own.some(({ meansTag }) => meansTag(tag)));
}
