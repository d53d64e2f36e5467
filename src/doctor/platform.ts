// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';

const PLATFORM = /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/;

/** `os/architecture[/variant]`. */
export function isPlatform(text: string): boolean {
  return PLATFORM.test(text);
}

/** Without a variant every variant is meant. */
export function isOfPlatform({ platform }: Descriptor, wanted: string): boolean {
  const [os, architecture, variant] = wanted.split('/');
  if (platform === undefined) return false;
  const isArchitecture = platform['os'] === os && platform['architecture'] === architecture;
  return isArchitecture && (variant === undefined || platform['variant'] === variant);
}
