// SPDX-License-Identifier: Apache-2.0

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
// Linear: letters and separators are disjoint, so a failed match never has two ways to try again.
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/** Clients count the host name in as well and stop at 255 characters; nothing longer can be pulled. */
const LONGEST = 255;

/**
 * Whether a text is a `<name>` of the distribution specification.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export function isRepository(text: string): boolean {
  return text.length <= LONGEST && REPOSITORY.test(text);
}
