// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { loadMirrorConfig, MIRROR_OPTIONS } from './mirror-config.ts';

export const mirrorFollow: Command = {
  name: 'mirror follow',
  summary: 'keep every backend filled: what is pushed within seconds, and everything at intervals',
  options: [MIRROR_OPTIONS[0]],
  examples: [
    {
      line: 'archeion mirror follow --config mirror.yaml',
      why: 'as a service; no failure ends it, and SIGTERM lets it finish what is under way',
    },
  ],
  async run(input, io) {
    const [{ openFollowing }, { untilAborted }, { openLog }] = await Promise.all([
      import('./mirror-following.ts'),
      import('../until-aborted.ts'),
      import('../../log.ts'),
    ]);
    const loaded = await loadMirrorConfig(input);
    const { log: logged, grace } = loaded.config.follow;
    const log = openLog(logged.level, io.err);
    const following = await openFollowing(loaded, log, io);
    log.info('listening', { admin: following.adminUrl, config: loaded.origin });
    await untilAborted(io.stop);
    log.info('draining', { grace });
    await following.stop();
    log.info('stopped');
    return EXIT.done;
  },
};
