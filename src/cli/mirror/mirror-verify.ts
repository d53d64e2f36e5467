// SPDX-License-Identifier: Apache-2.0
import type { MirrorConfig } from '../../config/mirror.ts';
import { Duration } from '../../config/values.ts';
import { parseSample, type Sample } from '../../core/mirroring/sample.ts';
import { type Command, type CommandInput, optionText, UsageError } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { loadMirrorConfig, MIRROR_OPTIONS } from './mirror-config.ts';
import type { VerifyWish } from './mirror-verifying.ts';

export const mirrorVerify: Command = {
  name: 'mirror verify',
  summary: 'read what backends hold again, hash it, and compare it with the source and the index',
  options: [
    ...MIRROR_OPTIONS,
    { flags: '-t, --target <name...>', description: 'only these' },
    {
      flags: '--sample <share>',
      description:
        'hash only so many of the objects of each, chosen anew by chance: `5%`, or a number; left out, all',
    },
    { flags: '--repair', description: 'copy again what is missing, not whole or corrupt' },
    {
      flags: '--prune',
      description:
        'take what nothing leads to out of the index, and delete what has been out of it for long enough',
    },
    {
      flags: '--grace <duration>',
      description: 'how long that is at least; left out, 7d',
    },
    { flags: '--allow-many', description: 'prune although more than half of a target would go' },
    { flags: '-y, --yes', description: 'do it; without it nothing is changed' },
  ],
  examples: [
    {
      line: 'archeion mirror verify --config mirror.yaml --sample 5%',
      why: 'exit code 0 when nothing is amiss, 3 when something is, 5 when something could not be looked at',
    },
    {
      line: 'archeion mirror verify --config mirror.yaml --target dublin --repair --yes',
      why: 'reads all of one target, and copies again what is no good',
    },
    {
      line: 'archeion mirror verify --config mirror.yaml --sample 0 --prune --yes',
      why: 'from cron: hashes nothing, and deletes what nothing has led to for seven days',
    },
  ],
  async run(input, io) {
    const wish = wishOf(input);
    const loaded = await loadMirrorConfig(input);
    const { verifyTargets } = await import('./mirror-verifying.ts');
    return verifyTargets({ loaded: withTargets(loaded, wish.targets), wish, io });
  },
};

const WEEK = 7 * 86_400_000;

function wishOf(input: CommandInput): VerifyWish {
  const { options } = input;
  const { target } = options;
  return {
    sample: sampleOf(input),
    targets: Array.isArray(target) ? target.map(String) : [],
    repairs: options['repair'] === true,
    prunes: options['prune'] === true,
    grace: graceOf(input),
    allowsMany: options['allowMany'] === true,
    isMeant: options['yes'] === true,
    isJson: options['json'] === true,
  };
}

function sampleOf(input: CommandInput): Sample {
  const text = optionText(input, 'sample');
  const sample = text === undefined ? ({ kind: 'all' } as const) : parseSample(text);
  if (sample !== undefined) return sample;
  throw new UsageError(`"${text}" is no sample: expected a share such as 5%, or a number`);
}

function graceOf(input: CommandInput): number {
  const text = optionText(input, 'grace');
  if (text === undefined) return WEEK;
  const read = Duration.safeParse(text);
  if (read.success) return read.data;
  throw new UsageError(`"${text}" is no duration: expected one such as 12h or 7d`);
}

function withTargets(loaded: Loaded<MirrorConfig>, names: readonly string[]): Loaded<MirrorConfig> {
  if (names.length === 0) return loaded;
  const { targets } = loaded.config;
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) throw new UsageError(`no target is called "${unknown}"`);
  const chosen = targets.filter(({ name }) => names.includes(name));
  return { ...loaded, config: { ...loaded.config, targets: chosen } };
}
