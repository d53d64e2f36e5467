// SPDX-License-Identifier: Apache-2.0
import type { Family } from '../../core/doctor/observation.ts';
import { parseImageName } from '../../core/oci/image-name.ts';
import { isPlatform } from '../../doctor/platform.ts';
import type { Target } from '../../doctor/target.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';

/** What the command line wants to know. */
export interface DoctorWish {
  readonly target: Target;
  readonly families: readonly Family[];
  /** Whether redirects and realms may lead to private addresses. */
  readonly allowsPrivate: boolean;
}

/** @throws UsageError */
export function readWish(input: CommandInput): DoctorWish {
  const [text = ''] = input.args;
  const image = parseImageName(text.startsWith('docker://') ? text : `docker://${text}`);
  if (image === undefined) {
    // Not quoted: people who write a password into an image's name should not see it in a log.
    throw new UsageError('that is no image: expected something like registry.example.org/hello:v1');
  }
  const via = optionText(input, 'via');
  if (input.options['mirror'] === true && via === undefined) {
    throw new UsageError('say which mirror: --mirror --via HOST');
  }
  const host = via ?? image.registry;
  const origin = originOf(host, input.options['plainHttp'] === true);
  const platform = readPlatform(input);
  return {
    target: {
      origin,
      repository: image.repository,
      reference: image.reference ?? 'latest',
      isFull: input.options['full'] === true,
      ...(input.options['mirror'] === true && { mirrorOf: mirroredName(image.registry) }),
      ...(platform !== undefined && { platform }),
    },
    families: readFamilies(input),
    // What runs on this machine leads to other things that run on it.
    allowsPrivate: input.options['allowPrivate'] === true || isLoopback(origin.hostname),
  };
}

/** As every client does: loopback speaks plain HTTP, everybody else TLS. */
function originOf(host: string, isPlain: boolean): URL {
  const plain = URL.parse(`http://${host}`);
  const scheme = isPlain || (plain !== null && isLoopback(plain.hostname)) ? 'http' : 'https';
  const url = URL.parse(`${scheme}://${host}`);
  // A path, query or password would show here.
  if (url === null || url.href !== `${url.origin}/`) {
    throw new UsageError('--via takes HOST or HOST:PORT, and nothing else');
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Mirrors know Docker Hub by the name in images, not by that of the host that serves it. */
function mirroredName(registry: string): string {
  return registry === 'registry-1.docker.io' ? 'docker.io' : registry;
}

function readPlatform(input: CommandInput): string | undefined {
  const platform = optionText(input, 'platform');
  if (platform === undefined || isPlatform(platform)) return platform;
  throw new UsageError(`"${platform}" is no platform: expected something like linux/arm64`);
}

function readFamilies({ options }: CommandInput): readonly Family[] {
  const [ipv4, ipv6] = [options['ipv4'] === true, options['ipv6'] === true];
  if (ipv4 === ipv6) return ['ipv4', 'ipv6'];
  return [ipv4 ? 'ipv4' : 'ipv6'];
}
