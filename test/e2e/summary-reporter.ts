// SPDX-License-Identifier: Apache-2.0
import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with one line that a person or a machine can look for. */
export const summaryReporter: Reporter = {
  onTestRunEnd(modules, errors, reason) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string): number =>
      tests.filter((test) => test.result().state === state).length;
    // A file whose set-up failed has skipped tests only: it has to count, or nothing failed.
    const counted = inState('failed') + modules.filter(failedOutsideTests).length + errors.length;
    const failed = reason === 'passed' ? counted : Math.max(counted, 1);
    process.on('exit', () => {
      process.stdout.write(`e2e: ${inState('passed')} passed, ${failed} failed\n`);
    });
  },
};

function failedOutsideTests(module: TestModule): boolean {
  return module.state() === 'failed' && module.children.allTests('failed').next().done === true;
}
