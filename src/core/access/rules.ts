// SPDX-License-Identifier: Apache-2.0
import { type Action, covers } from './action.ts';
import { type RepositoryMatcher, repositoryMatcher } from './repository-pattern.ts';

/** Rules as a configuration has them. Nothing is allowed that no rule allows. */
export interface AccessSettings {
  /** Patterns of repositories that anybody may pull. */
  readonly anonymousPull: readonly string[];
  readonly rules: readonly AccessRule[];
  /** The members of each group, by its name. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export interface AccessRule {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Patterns. */
  readonly repositories: readonly string[];
  readonly actions: readonly Action[];
}

/** Rules, ready to be asked. */
export interface AccessRules {
  readonly anonymousPull: readonly RepositoryMatcher[];
  /** What each user may do, and where. */
  readonly permissions: ReadonlyMap<string, readonly Permission[]>;
}

interface Permission {
  readonly repositories: readonly RepositoryMatcher[];
  readonly actions: ReadonlySet<Action>;
}

export function accessRules({ anonymousPull, rules, groups }: AccessSettings): AccessRules {
  // A map: a group may be called like something that every object has.
  const membersOf = new Map(Object.entries(groups));
  const permissions = new Map<string, Permission[]>();
  for (const rule of rules) {
    const permission: Permission = {
      repositories: rule.repositories.map(repositoryMatcher),
      actions: new Set(rule.actions),
    };
    const members = rule.groups.flatMap((group) => membersOf.get(group) ?? []);
    for (const user of new Set([...rule.users, ...members])) {
      permissions.set(user, [...(permissions.get(user) ?? []), permission]);
    }
  }
  return { anonymousPull: anonymousPull.map(repositoryMatcher), permissions };
}

/** One thing that somebody wants to do. */
export interface Deed {
  /** Undefined for somebody who did not say who they are. */
  readonly user: string | undefined;
  readonly action: Action;
  readonly repository: string;
}

export function mayDo(rules: AccessRules, { user, action, repository }: Deed): boolean {
  if (action === 'pull' && mayAnybodyPull(rules, repository)) return true;
  if (user === undefined) return false;
  const permissions = rules.permissions.get(user) ?? [];
  return permissions.some(
    (permission) =>
      covers(permission.actions, action) && isOneOf(permission.repositories, repository),
  );
}

export function mayAnybodyPull(rules: AccessRules, repository: string): boolean {
  return isOneOf(rules.anonymousPull, repository);
}

function isOneOf(matchers: readonly RepositoryMatcher[], repository: string): boolean {
  return matchers.some((matches) => matches(repository));
}
