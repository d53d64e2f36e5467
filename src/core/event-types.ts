// SPDX-License-Identifier: Apache-2.0

/** Everything a registry tells of. */
export const EVENT_TYPES = [
  'manifest.pushed',
  'manifest.deleted',
  'tag.set',
  'tag.deleted',
  'blob.deleted',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
