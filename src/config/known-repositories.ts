// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { isRepositoryPattern } from '../core/routing/known-repositories.ts';
import { Name, RefreshInterval } from './values.ts';

const Pattern = z
  .string()
  .refine(isRepositoryPattern, 'expected a repository name, or `name/*` for everything below it');

const Catalog = z.strictObject({
  upstream: Name.describe(
    'its `/v2/_catalog` is read, and names below its `repositoryPrefix` count',
  ),
  mayShrinkBy: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      'the share of its names that a catalogue may lose from one time to the next; one that loses more is refused',
    ),
});

export const KnownRepositories = z
  .strictObject({
    list: z
      .array(Pattern)
      .min(1)
      .optional()
      .describe('the names themselves; `csi/*` is everything below `csi`'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'instead of a list: a file with a name a line and `#` comments; relative to the configuration file, read again when it changes',
      ),
    catalog: Catalog.optional().describe('instead of a list: what an upstream says it has'),
    refresh: RefreshInterval.prefault('10m').describe(
      'how often the file or the catalogue is looked at: a new repository may stay hidden for so long',
    ),
  })
  .refine(
    ({ list, file, catalog }) =>
      [list, file, catalog].filter((given) => given !== undefined).length === 1,
    'give one of list, file and catalog',
  );
