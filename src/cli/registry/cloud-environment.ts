// SPDX-License-Identifier: Apache-2.0

/** Where clouds put what says who a program is. Their own libraries read it by themselves, that of S3 too. */
export function cloudEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
