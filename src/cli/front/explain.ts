// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, optionText, UsageError } from '../command.ts';
import type { LoadedConfig } from '../load-config.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'say where a pull would go, and why: by the very functions that serve',
  args: [{ name: '<path>', description: 'what is asked for, as in `/v2/pause/manifests/3.9`' }],
  options: [
    { flags: '-a, --client-address <address>', description: 'who asks' },
    {
      flags: '-c, --config <file>',
      description: "the configuration; else the environment's, as for serve",
    },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: [
    {
      line: 'archeion explain /v2/pause/manifests/3.9 --client-address 3.4.12.4 --config archeion.yaml',
      why: 'which upstream serves a client in AWS Ireland',
    },
    {
      line: "curl -s 'http://127.0.0.1:8081/explain?path=/v2/pause/manifests/3.9&address=3.4.12.4'",
      why: 'the same of a running front, with what it knows by now',
    },
  ],
  async run(input, io) {
    const [path = ''] = input.args;
    const address = optionText(input, 'clientAddress');
    if (address === undefined) throw new UsageError('say who asks: --client-address ADDRESS');
    const [
      { loadConfig },
      { openFrontState },
      { openLog },
      { openMetrics },
      { explanationText },
      { repositoriesNow },
    ] = await Promise.all([
      import('../load-config.ts'),
      import('./front-state.ts'),
      import('../../log.ts'),
      import('../../metrics.ts'),
      import('./explanation-text.ts'),
      import('./repository-sources.ts'),
    ]);
    const loaded = await loadConfig(optionText(input, 'config'), io.env);
    const log = openLog('warn', io.err);
    const knownOf = (of: LoadedConfig) =>
      repositoriesNow(of, { log, signal: io.stop, asksUpstream: true });
    const state = await openFrontState(loaded, { log, metrics: openMetrics(), knownOf });
    try {
      const explanation = await state.explain(path, address);
      const asJson = input.options['json'] === true;
      io.out(asJson ? `${JSON.stringify(explanation)}\n` : explanationText(explanation));
    } finally {
      await state.close();
    }
    return EXIT.done;
  },
};
