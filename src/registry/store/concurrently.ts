// SPDX-License-Identifier: Apache-2.0
export { concurrently } from '../../core/concurrently.ts';
