// SPDX-License-Identifier: Apache-2.0

export interface PromotedRegistry {
  /** A host, perhaps with a path behind it. */
  readonly name: string;
  /** Whether images come from it, and are not brought to it. */
  readonly isSource: boolean;
}

/**
 * What comes before the names of a promotion manifest at one of its registries: images are brought to
 * `host/images/team`, and at `host/images` that is `team`. Several, when they are brought there more than once;
 * empty, when none of the registries is at that place. Where images come from counts when they are brought nowhere.
 */
export function promotedPrefixes(
  registries: readonly PromotedRegistry[],
  place: string,
): readonly string[] {
  const brought = registries.filter(({ isSource }) => !isSource);
  const found = pathsBelow(place, brought);
  return found.length > 0 ? found : pathsBelow(place, registries);
}

function pathsBelow(place: string, registries: readonly PromotedRegistry[]): readonly string[] {
  const paths = registries.flatMap(({ name }) => {
    if (name === place) return [''];
    return name.startsWith(`${place}/`) ? [name.slice(place.length + 1)] : [];
  });
  return [...new Set(paths)];
}
