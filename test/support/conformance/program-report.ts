// SPDX-License-Identifier: Apache-2.0

/** How often the specification's own program came to each verdict. "Unsupported" is a skip to it. */
export interface Verdicts {
  readonly Pass: number;
  readonly Skip: number;
  readonly FAIL: number;
  readonly Error: number;
}

const SUMMARY = 'OCI Conformance Result:';

/** The counts at the end of what it wrote; NaN where it never came to an end, so that no test can take that for 0. */
export function verdictsIn(output: string): Verdicts {
  const summary = summaryOf(output);
  const count = (verdict: string) => {
    const [, digits] = new RegExp(`^ +${verdict}\\.*: +(\\d+)$`, 'm').exec(summary) ?? [];
    return Number(digits);
  };
  return { Pass: count('Pass'), Skip: count('Skip'), FAIL: count('FAIL'), Error: count('Error') };
}

/** From the overall result to the end, or all of it where there is none. */
export function summaryOf(output: string): string {
  return output.slice(Math.max(0, output.lastIndexOf(SUMMARY)));
}

/** The tests that were skipped or failed, each with the reasons given below it: the summary has neither. */
export function complaintsIn(output: string): readonly string[] {
  const end = output.lastIndexOf(SUMMARY);
  const lines = end === -1 ? [] : output.slice(0, end).split('\n');
  return lines
    .filter((line) => /: (Skip|FAIL|Error)$|^ * - /.test(line))
    .map((line) => line.trim());
}
