// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { isRepositoryPattern } from '../core/routing/known-repositories.ts';
import { RefreshInterval } from './values.ts';

const Pattern = z
  .string()
  .refine(isRepositoryPattern, 'expected a repository name, or `name/*` for everything below it');

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
    refresh: RefreshInterval.prefault('10m').describe(
      'how often the file is looked at beside that: a new repository may stay hidden for so long',
    ),
  })
  .refine(
    ({ list, file }) => (list === undefined) !== (file === undefined),
    'give one of list and file',
  );
