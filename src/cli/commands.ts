// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts';
import { configCheck } from './config/config-check.ts';
import { configDiff } from './config/config-diff.ts';
import { configSchema } from './config/config-schema.ts';
import { configShow } from './config/config-show.ts';
import { bundleCreate } from './copy/bundle-create.ts';
import { bundleLoad } from './copy/bundle-load.ts';
import { bundleVerify } from './copy/bundle-verify.ts';
import { copy } from './copy/copy.ts';
import { dev } from './dev/dev.ts';
import { doctor } from './doctor/doctor.ts';
import { explain } from './front/explain.ts';
import { serve } from './front/serve.ts';
import { indexCheck } from './index/index-check.ts';
import { indexMake } from './index/index-make.ts';
import { indexShow } from './index/index-show.ts';
import { mirrorFollow } from './mirror/mirror-follow.ts';
import { mirrorPlan } from './mirror/mirror-plan.ts';
import { mirrorRun } from './mirror/mirror-run.ts';
import { mirrorVerify } from './mirror/mirror-verify.ts';
import { rangesDiff } from './ranges/ranges-diff.ts';
import { rangesLookup } from './ranges/ranges-lookup.ts';
import { rangesRefresh } from './ranges/ranges-refresh.ts';
import { rangesStats } from './ranges/ranges-stats.ts';
import { registryCollect } from './registry/registry-collect.ts';
import { registryEvents } from './registry/registry-events.ts';
import { registryExport } from './registry/registry-export.ts';
import { registryImport } from './registry/registry-import.ts';
import { registryLs } from './registry/registry-ls.ts';
import { registryRm } from './registry/registry-rm.ts';
import { registryServe } from './registry/registry-serve.ts';
import { registryUserAdd } from './registry/registry-user-add.ts';
import { registryUserLs } from './registry/registry-user-ls.ts';
import { registryUserRm } from './registry/registry-user-rm.ts';
import { registryVerify } from './registry/registry-verify.ts';
import { worker } from './workers/worker.ts';

/** Every command of the program, in the order of the help. A command loads what it needs when it runs. */
export const COMMANDS: readonly Command[] = [
  dev,
  serve,
  explain,
  doctor,
  registryServe,
  registryImport,
  registryExport,
  registryLs,
  registryRm,
  registryCollect,
  registryVerify,
  registryEvents,
  registryUserAdd,
  registryUserRm,
  registryUserLs,
  mirrorPlan,
  mirrorRun,
  mirrorFollow,
  mirrorVerify,
  copy,
  bundleCreate,
  bundleLoad,
  bundleVerify,
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
