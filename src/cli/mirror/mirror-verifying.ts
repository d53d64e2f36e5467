// SPDX-License-Identifier: Apache-2.0
import type { MirrorConfig } from '../../config/mirror.ts';
import type { Sample } from '../../core/mirroring/sample.ts';
import { FINDING_KINDS } from '../../mirror/verify/finding.ts';
import { type PruneOutcome, pruneTarget } from '../../mirror/verify/prune-target.ts';
import { repairMirror } from '../../mirror/verify/repair-mirror.ts';
import { type VerifiedMirror, verifyMirror } from '../../mirror/verify/verify-mirror.ts';
import { type CommandIo, EXIT, type ExitCode } from '../command.ts';
import type { Loaded } from '../load-config.ts';
import { sayProgress } from '../progress-lines.ts';
import { COPY_PORTS } from './copy-ports.ts';
import { type MirrorProblems, mirrorProblems } from './mirror-problems.ts';
import { sayProblems } from './mirror-report.ts';
import { type MirrorParts, openMirrorParts } from './mirror-session.ts';
import { jsonReport, textReport } from './verify-report.ts';

/** What a command line asks for. */
export interface VerifyWish {
  readonly sample: Sample;
  readonly targets: readonly string[];
  readonly repairs: boolean;
  readonly prunes: boolean;
  /** Milliseconds. */
  readonly grace: number;
  readonly allowsMany: boolean;
  /** Whether anything is changed. */
  readonly isMeant: boolean;
  readonly isJson: boolean;
}

export interface Verifying {
  readonly loaded: Loaded<MirrorConfig>;
  readonly wish: VerifyWish;
  readonly io: CommandIo;
}

/** Looks at the targets of a configuration, and does about it what is wished. */
export async function verifyTargets(verifying: Verifying): Promise<ExitCode> {
  const { loaded, io } = verifying;
  const problems = mirrorProblems();
  const parts = await openMirrorParts(loaded, io, problems.note);
  try {
    return await verifyAll(verifying, parts, problems);
  } finally {
    await parts.close();
  }
}

async function verifyAll(
  { loaded, wish, io }: Verifying,
  { mirror }: MirrorParts,
  problems: MirrorProblems,
): Promise<ExitCode> {
  const report = (wish.isJson ? jsonReport : textReport)(io.out);
  const seen = { objects: 0, bytes: 0 };
  const say = wish.isJson
    ? (text: string) => io.err(`${JSON.stringify({ progress: text.trim() })}\n`)
    : io.err;
  const endProgress = sayProgress({
    progress: () => ({ ...seen }),
    say,
    now: () => performance.now(),
  });
  const isDeclared = problems.count() === 0;
  try {
    const verified = await verifyMirror({
      // What is deleted for ever is not decided by what somebody has written down.
      mirror: { ...mirror, recalls: !wish.prunes },
      sample: wish.sample,
      random: Math.random,
      onFinding: report.add,
      onObject: () => {
        seen.objects += 1;
      },
      onBytes: (bytes) => {
        seen.bytes += bytes;
      },
    });
    const isWhole = verified.isWhole && isDeclared;
    const done = await act({ ...verified, isWhole }, { mirror, wish, config: loaded.config });
    report.end({ ...verified, ...seen, ...done, isMeant: wish.isMeant, problems: problems.kept() });
    sayProblems(problems, io);
    const changes = wish.repairs || wish.prunes;
    if (changes && !wish.isMeant) io.err('archeion: nothing was done: say --yes\n');
    if (problems.count() > 0) return EXIT.partlyFailed;
    return isAmiss(verified, wish) ? EXIT.changesPending : EXIT.done;
  } finally {
    endProgress();
  }
}

type MirrorPorts = MirrorParts['mirror'];

interface Acting {
  readonly mirror: MirrorPorts;
  readonly wish: VerifyWish;
  readonly config: MirrorConfig;
}

/** Repairs before it prunes: what is wanted comes first. */
async function act(verified: VerifiedMirror, { mirror, wish, config }: Acting) {
  const repaired =
    wish.repairs && wish.isMeant ? await repair(verified, mirror, config) : undefined;
  const pruned = wish.prunes
    ? await prune(verified, mirror, wish)
    : new Map<string, PruneOutcome>();
  return { repaired, pruned };
}

/** Whether anything is not as it should be, and was not put right. */
function isAmiss({ targets }: VerifiedMirror, { isMeant, repairs, prunes }: VerifyWish): boolean {
  const kinds = FINDING_KINDS.filter((kind) => {
    if (kind === 'foreign') return true;
    return !(isMeant && (kind === 'unreferenced' ? prunes : repairs));
  });
  return targets.some(({ counts }) => kinds.some((kind) => counts[kind] > 0));
}

/** How much was copied, by the name of the target. */
async function repair(
  verified: VerifiedMirror,
  mirror: MirrorPorts,
  { concurrency }: MirrorConfig,
): Promise<ReadonlyMap<string, number>> {
  await repairMirror(verified, { mirror, ports: COPY_PORTS, concurrency });
  return new Map([...verified.prepared.tallies].map(([name, { copied }]) => [name, copied]));
}

async function prune(
  verified: VerifiedMirror,
  mirror: MirrorPorts,
  wish: VerifyWish,
): Promise<ReadonlyMap<string, PruneOutcome>> {
  const outcomes = new Map<string, PruneOutcome>();
  const options = { ...wish, mirror, elapsed: () => performance.now() };
  for (const one of verified.targets) {
    const { name } = one.target;
    try {
      const outcome = await pruneTarget(verified, one, options);
      if (outcome.refused !== undefined)
        mirror.onProblem(`${name}: nothing is pruned: ${outcome.refused}`);
      outcomes.set(name, outcome);
    } catch (error) {
      mirror.signal.throwIfAborted();
      mirror.onProblem(`${name}: ${error instanceof Error ? error.message : 'failed'}`);
    }
  }
  return outcomes;
}
