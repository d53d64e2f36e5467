// SPDX-License-Identifier: Apache-2.0

/** Cases per property: few beside every change, many in CI. */
export const PROPERTY_RUNS = Number(process.env['ARCHEION_PROPERTY_RUNS'] ?? 200);
