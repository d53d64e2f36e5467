// SPDX-License-Identifier: Apache-2.0
import type { RegistryError } from '../core/oci/registry-error.ts';
import type { HttpRequest } from '../protocol/http.ts';
import type { Action, Grant } from './access.ts';
import type { Registry, Visit } from './registry-ports.ts';
import { denied } from './store/refusals.ts';

const EVERYBODY: Grant = { name: undefined, may: () => true, sees: () => true };

export async function grantOf({ access }: Registry, request: HttpRequest): Promise<Grant> {
  return access === undefined ? EVERYBODY : access.grantOf(request);
}

/** What a kind of change needs: any one of these actions, and what a client should ask a token for. */
interface Permission {
  readonly anyOf: readonly Action[];
  readonly asked: readonly Action[];
}

const PULL: Permission = { anyOf: ['pull'], asked: ['pull'] };
/** New content; that a tag may move is looked at when it does. */
const ADD: Permission = { anyOf: ['push', 'create'], asked: ['pull', 'push'] };
const DELETE: Permission = { anyOf: ['delete'], asked: ['delete'] };

export const NEEDS = { pull: PULL, add: ADD, delete: DELETE } as const;

/** To be called before anything is read or written: what may not be seen must not differ from what is not there. */
export function requirePermission(visit: Visit, { anyOf, asked }: Permission): void {
  const { grant, repository } = visit;
  if (!anyOf.some((action) => grant.may(action, repository))) throw refusalOf(visit, asked);
}

export function refusalOf(visit: Visit, actions: readonly Action[]): RegistryError {
  const { registry, grant, repository } = visit;
  return registry.access?.refusal(grant, { repository, actions }) ?? denied('not allowed');
}
