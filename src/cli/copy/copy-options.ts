// SPDX-License-Identifier: Apache-2.0
import { type Platform, parsePlatform } from '../../mirror/images/choose-platform.ts';
import { type Command, type CommandInput, optionText, UsageError } from '../command.ts';

type Options = NonNullable<Command['options']>;

/** How registries are spoken to. */
export const REGISTRY_OPTIONS: Options = [
  {
    flags: '--docker-config <file>',
    description:
      'what `docker login` has left; else `config.json` in `$DOCKER_CONFIG` or `~/.docker`, if there is one',
  },
  {
    flags: '--token-host <host>',
    description:
      'another host that may get the credentials of a registry in exchange for a token, such as `auth.example.org`; several with commas between them',
  },
  { flags: '--plain-http', description: 'speak HTTP to registries, as to those on loopback' },
];

/** What is read. */
export const SOURCE_OPTIONS: Options = [
  {
    flags: '--tags <pattern>',
    description: 'of sources without a tag: all tags that fit, such as `v*`',
  },
  {
    flags: '--platform <os/arch>',
    description: 'only the image of this platform, such as `linux/arm64`; else all of them',
  },
  {
    flags: '--no-referrers',
    description: 'leave out signatures and whatever else is about images',
  },
];

export const OUTPUT_OPTIONS: Options = [
  { flags: '--json', description: 'print the result as JSON' },
];

export const DRY_RUN_OPTION = {
  flags: '--dry-run',
  description: 'say what would be copied, and copy nothing',
} as const;

export interface CopyOptions {
  readonly tags: string | undefined;
  readonly platform: Platform | undefined;
  readonly includesReferrers: boolean;
  readonly isDry: boolean;
  readonly isJson: boolean;
  readonly isPlain: boolean;
  readonly dockerConfig: string | undefined;
  readonly tokenHosts: readonly string[];
}

/** @throws UsageError */
export function copyOptionsOf(input: CommandInput): CopyOptions {
  const is = (name: string) => input.options[name] === true;
  return {
    tags: tagsOf(input),
    platform: platformOf(input),
    includesReferrers: input.options['referrers'] !== false,
    isDry: is('dryRun'),
    isJson: is('json'),
    isPlain: is('plainHttp'),
    dockerConfig: optionText(input, 'dockerConfig'),
    tokenHosts: (optionText(input, 'tokenHost') ?? '').split(',').filter((host) => host !== ''),
  };
}

function tagsOf(input: CommandInput): string | undefined {
  const pattern = optionText(input, 'tags');
  if (pattern === undefined || /^[A-Za-z0-9_.*-]{1,128}$/.test(pattern)) return pattern;
  throw new UsageError(`"${pattern}" is no pattern of tags: expected something like v*`);
}

function platformOf(input: CommandInput): Platform | undefined {
  const text = optionText(input, 'platform');
  const platform = parsePlatform(text ?? '');
  if (text === undefined || platform !== undefined) return platform;
  throw new UsageError(`"${text}" is no platform: expected something like linux/arm64`);
}
