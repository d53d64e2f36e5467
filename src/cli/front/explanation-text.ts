// SPDX-License-Identifier: Apache-2.0
import type { Explanation } from '../../redirector/explain.ts';

/** An explanation for people: one line for each step, in the order of request-handling.md. */
export function explanationText(explanation: Explanation): string {
  const { target, route, rule, candidates, asked, answer } = explanation;
  const name = 'repository' in route ? ` of ${route.repository}` : '';
  const lines = [
    ['request', `${target}, which is ${route.kind}${name}`],
    ['client', clientText(explanation.client)],
    ['rule', rule === undefined ? 'none matches: the upstream' : `routing[${rule}]`],
    ...candidates.map(({ holder, url, state, knowledge, knownBy }) => [
      'candidate',
      `${holder} (${state}, ${knowledge} by ${knownBy})  ${url}`,
    ]),
    ...(asked.holders.length === 0
      ? []
      : [['asked', `${asked.holders.join(', ')}: ${asked.held ?? 'nobody'} holds it`]]),
    ['answer', answerText(answer)],
  ];
  return lines.map(([label = '', text = '']) => `${label.padEnd(10)} ${text}\n`).join('');
}

function clientText({ address, location, prefix, feed }: Explanation['client']): string {
  if (address === undefined) return 'unknown: the address cannot be read';
  if (location === undefined) return `${address}, in no prefix of any feed`;
  return `${address}, ${location.cloud}/${location.region} by ${prefix} of ${feed}`;
}

function answerText({ status, by, reason, location, from }: Explanation['answer']): string {
  const why = [by, reason].filter((part) => part !== undefined).join(', ');
  const where = from === undefined ? location : `fetched from ${from}`;
  return [status, why, where].filter((part) => part !== undefined && part !== '').join('  ');
}
