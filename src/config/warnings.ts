// SPDX-License-Identifier: Apache-2.0
import type { Config } from './schema.ts';

/** What a configuration may say, and most likely does not mean. */
export function warningsOf(config: Config): string[] {
  const { publicName, upstreams, backends } = config;
  const holders = [
    ...upstreams.map((holder, place) => ({ ...holder, path: `upstreams.${place}` })),
    ...backends.map((holder, place) => ({ ...holder, path: `backends.${place}` })),
  ];
  const below = holders.filter(({ url }) => isBelow(new URL(url).hostname, publicName));
  const idle = upstreams.flatMap(({ credentials, deliver }, place) =>
    credentials !== undefined && deliver === 'redirect' ? [`upstreams.${place}`] : [],
  );
  return [
    ...below.map(
      ({ path, url }) =>
        `${path}.url: "${url}" is below "${publicName}": clients written in Go send it the credentials they have for that name`,
    ),
    ...idle.map(
      (path) =>
        `${path}.credentials: clients that are redirected have none; \`deliver: proxy\` has the front fetch for them`,
    ),
  ];
}

function isBelow(host: string, name: string | undefined): boolean {
  return name !== undefined && (host === name || host.endsWith(`.${name}`));
}
