// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

export const PullEvents = z
  .strictObject({
    to: z
      .string()
      .min(1)
      .describe(
        '`stdout`, or a file that lines are added to, relative to the configuration file; opened anew on SIGHUP',
      ),
  })
  .describe(
    'one line of JSON for every manifest and blob that somebody pulls, without the address; left out, none',
  );
