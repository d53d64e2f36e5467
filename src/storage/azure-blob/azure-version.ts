// SPDX-License-Identifier: Apache-2.0

/** Of Azure's protocol: blocks of 4000 MiB, copies by token, names that XML cannot write escaped. */
export const SERVICE_VERSION = '2021-12-02';
