// SPDX-License-Identifier: Apache-2.0
import { Duration } from '../../config/values.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import {
  type Command,
  type CommandInput,
  type CommandIo,
  EXIT,
  type ExitCode,
  optionText,
  UsageError,
} from '../command.ts';
import type { CollectionReport } from './collection-report.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION } from './registry-options.ts';

/** Below this, what somebody pushes just now and has no manifest yet can go. */
const LEAST_GRACE = 60 * 60_000;

export const registryCollect: Command = {
  name: 'registry collect',
  summary: 'delete what nothing refers to from a registry, beside a running server',
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    {
      flags: '-g, --grace <duration>',
      description:
        'how old something must be before it is condemned, and how long it is condemned before it is deleted; left out, 24h',
    },
    {
      flags: '--untagged-after <duration>',
      description:
        'also manifests of this age without a tag that no index lists and whose subject is not there',
    },
    { flags: '-n, --dry-run', description: 'say what would be done; exit code 3 if anything' },
    { flags: '-y, --yes', description: 'needed for a grace period of less than an hour' },
    { flags: '--json', description: 'print the result as JSON' },
  ],
  examples: [
    {
      line: 'archeion registry collect --directory /srv/registry --dry-run',
      why: 'what would be condemned and deleted, by repository',
    },
    {
      line: 'archeion registry collect --config registry.yaml',
      why: 'condemns what nothing refers to; a run a day later deletes it',
    },
    {
      line: 'archeion registry collect --grace 0s --yes',
      why: 'deletes at once, while nobody pushes: it takes about a minute to make sure',
    },
  ],
  async run(input, io) {
    const plan = await planOf(input);
    const isDryRun = input.options['dryRun'] === true;
    const { collectionReport } = await import('./collection-report.ts');
    const report = collectionReport();
    const exit = await (isDryRun ? look(plan, report, io) : collectAll(plan, report, io));
    const isJson = input.options['json'] === true;
    io.out(isJson ? `${JSON.stringify(report.json())}\n` : report.text(isDryRun));
    return exit;
  },
};

interface Plan {
  readonly storage: StorageDriver;
  /** Milliseconds. */
  readonly grace: number;
  readonly untaggedAfter: number | undefined;
}

async function planOf(input: CommandInput): Promise<Plan> {
  const settings = await configured(input);
  const grace = durationOf(input, 'grace') ?? settings.grace ?? 24 * LEAST_GRACE;
  if (grace < LEAST_GRACE && input.options['yes'] !== true) {
    throw new UsageError(
      'with so short a grace period an image that is being pushed can lose its layers: say --yes if nobody pushes',
    );
  }
  const untaggedAfter = durationOf(input, 'untaggedAfter') ?? settings.untaggedAfter;
  const { openRegistry } = await import('./command-store.ts');
  const { storage } = await openRegistry(input);
  return { storage, grace, untaggedAfter };
}

/** What the configuration says of collections, when there is one. */
async function configured(input: CommandInput): Promise<Partial<Omit<Plan, 'storage'>>> {
  const file = optionText(input, 'config');
  if (file === undefined) return {};
  const { loadRegistryFile } = await import('./registry-config.ts');
  const { untaggedAfterOf } = await import('./registry-collecting.ts');
  const { collect } = (await loadRegistryFile(file)).config;
  return collect === undefined
    ? {}
    : { grace: collect.grace, untaggedAfter: untaggedAfterOf(collect) };
}

function durationOf(input: CommandInput, name: 'grace' | 'untaggedAfter'): number | undefined {
  const text = optionText(input, name);
  if (text === undefined) return undefined;
  const read = Duration.safeParse(text);
  if (read.success) return read.data;
  throw new UsageError(`"${text}" is no duration: expected one such as 90m, 24h or 7d`);
}

async function look(plan: Plan, report: CollectionReport, io: CommandIo): Promise<ExitCode> {
  const { planStore } = await import('../../registry/collect/plan-store.ts');
  await withProgress(io, async (read) => {
    const step = async () => {
      io.stop.throwIfAborted();
      read();
    };
    const options = { ...plan, now: Date.now(), step, isAnnounced: () => true };
    for await (const { verdict, ...planned } of planStore(options)) {
      if (verdict !== 'keep') report.add({ ...planned, outcome: verdict });
    }
  });
  return report.count('condemn', 'sweep', 'acquit') > 0 ? EXIT.changesPending : EXIT.done;
}

async function collectAll(plan: Plan, report: CollectionReport, io: CommandIo): Promise<ExitCode> {
  const [{ collect, SETTLE }, { PROCESS_TIME }] = await Promise.all([
    import('../../registry/collect/collect.ts'),
    import('../../registry/store/process-time.ts'),
  ]);
  return withProgress(io, async (read) => {
    for (;;) {
      let condemned = 0;
      const outcome = await collect({
        ...PROCESS_TIME,
        ...plan,
        read,
        signal: io.stop,
        progress(step) {
          if (step.outcome === 'condemn') condemned += 1;
          report.add(step);
        },
      });
      if (outcome !== 'done') {
        io.err('archeion: somebody else collects at this moment: try again later\n');
        return EXIT.failed;
      }
      // What was condemned is waited for only when that is not long.
      if (condemned === 0 || plan.grace > SETTLE) return EXIT.done;
      report.beginAgain();
    }
  });
}

async function withProgress<T>(io: CommandIo, work: (read: () => void) => Promise<T>): Promise<T> {
  const { sayProgress } = await import('../progress-lines.ts');
  let objects = 0;
  const progress = () => ({ objects, bytes: 0 });
  const end = sayProgress({ progress, say: io.err, now: () => performance.now() });
  try {
    return await work(() => {
      objects += 1;
    });
  } finally {
    end();
  }
}
