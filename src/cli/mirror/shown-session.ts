// SPDX-License-Identifier: Apache-2.0
import type { MirrorConfig } from '../../config/mirror.ts';
import type { CommandIo } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { type MirrorProblems, mirrorProblems } from './mirror-problems.ts';
import { type MirrorSession, openMirrorSession } from './mirror-session.ts';
import { showProgress } from './show-progress.ts';

export interface ShownSession extends MirrorSession {
  /** What went wrong so far; grows while the plan is carried out. */
  readonly problems: MirrorProblems;
}

export interface ShownSessionOptions {
  readonly isDryRun: boolean;
  readonly isJson: boolean;
}

/** A session that says how far it is, until it is closed. */
export async function openShownSession(
  loaded: Loaded<MirrorConfig>,
  io: CommandIo,
  { isDryRun, isJson }: ShownSessionOptions,
): Promise<ShownSession> {
  const problems = mirrorProblems();
  const progress = showProgress(io, problems, isJson);
  try {
    const { watch } = progress;
    const options = { isDryRun, watch, onProblem: problems.note };
    const session = await openMirrorSession(loaded, { ...io, err: progress.say }, options);
    return {
      ...session,
      problems,
      carryOut() {
        progress.copies(session.prepared);
        return session.carryOut();
      },
      async close() {
        progress.end();
        await session.close();
      },
    };
  } catch (error) {
    progress.end();
    throw error;
  }
}
