// SPDX-License-Identifier: Apache-2.0

/** A configuration that cannot be used: every problem with its place, and where the document came from. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid-config';
  readonly origin: string;
  readonly problems: readonly string[];

  constructor(origin: string, problems: readonly string[], cause?: unknown) {
    super(problems.map((problem) => `${origin}: ${problem}`).join('\n'), { cause });
    this.origin = origin;
    this.problems = problems;
  }
}
