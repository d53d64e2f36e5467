// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';
import { summaryReporter } from './test/e2e/summary-reporter.ts';

/** The built program and real clients; `.ci/run` installs what these tests need. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/build-first.ts'],
    reporters: ['verbose', summaryReporter],
    // One after the other: each starts half a dozen servers, and installing wants the machine to itself.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
