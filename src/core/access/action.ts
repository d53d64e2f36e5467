// SPDX-License-Identifier: Apache-2.0

/** `create` adds content and new tags; `push` moves tags as well. */
export type Action = 'pull' | 'push' | 'create' | 'delete';

export const ACTIONS: readonly Action[] = ['pull', 'push', 'create', 'delete'];

/** Whether who was given some actions may do one. Nothing else follows from anything: to push is not to delete. */
export function covers(given: ReadonlySet<Action>, action: Action): boolean {
  return given.has(action) || (action === 'create' && given.has('push'));
}
