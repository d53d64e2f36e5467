// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts';
import { configCheck } from './config-check.ts';
import { configDiff } from './config-diff.ts';
import { configSchema } from './config-schema.ts';
import { configShow } from './config-show.ts';
import { dev } from './dev.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { indexCheck } from './index-check.ts';
import { indexMake } from './index-make.ts';
import { indexShow } from './index-show.ts';
import { rangesDiff } from './ranges-diff.ts';
import { rangesLookup } from './ranges-lookup.ts';
import { rangesRefresh } from './ranges-refresh.ts';
import { rangesStats } from './ranges-stats.ts';
import { registryImport } from './registry-import.ts';
import { registryLs } from './registry-ls.ts';
import { registryRm } from './registry-rm.ts';
import { registryUserAdd } from './registry-user-add.ts';
import { registryUserLs } from './registry-user-ls.ts';
import { registryUserRm } from './registry-user-rm.ts';
import { registryVerify } from './registry-verify.ts';
import { serve } from './serve.ts';
import { worker } from './worker.ts';

/** Every command of the program, in the order of the help. A command loads what it needs when it runs. */
export const COMMANDS: readonly Command[] = [
  dev,
  serve,
  explain,
  doctor,
  registryImport,
  registryLs,
  registryRm,
  registryVerify,
  registryUserAdd,
  registryUserRm,
  registryUserLs,
  rangesRefresh,
  rangesLookup,
  rangesDiff,
  rangesStats,
  indexMake,
  indexShow,
  indexCheck,
  configCheck,
  configShow,
  configDiff,
  configSchema,
];

/** Those that the program starts itself: no help names them. */
export const INTERNAL_COMMANDS: readonly Command[] = [worker];
