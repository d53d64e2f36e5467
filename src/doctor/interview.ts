// SPDX-License-Identifier: Apache-2.0
import type { RequestKind, RequestSeen } from '../core/doctor/observation.ts';
import { type TokenTrial, tryAnonymousToken } from './anonymous-token.ts';
import { type Followed, follow } from './follow.ts';
import type { Question, StepPorts } from './take-step.ts';
import type { Target } from './target.ts';

export interface Asked extends Pick<Question, 'method' | 'read'> {
  readonly kind: RequestKind;
  readonly reference: string;
  /** Below `/v2/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks one origin one question after the other, and gets in where nobody has to log in. */
export interface Interview {
  ask(asked: Asked): Promise<RequestSeen>;
  /** Every request so far, tokens among them. */
  seen(): readonly RequestSeen[];
}

export function openInterview(
  { origin, repository, mirrorOf }: Target,
  ports: StepPorts,
): Interview {
  const seen: RequestSeen[] = [];
  const scope = `repository:${repository}:pull`;
  // Asked for once, however many requests want it.
  let trial: Promise<TokenTrial | undefined> | undefined;
  const getIn = (challenges: string) => {
    trial ??= tryAnonymousToken(challenges, { origin, scope }, ports).then((tried) => {
      if (tried !== undefined) seen.push(tried.request);
      return tried;
    });
    return trial;
  };
  const send = async ({ path, headers = {}, method, read }: Asked): Promise<Sent> => {
    const authorization = (await trial)?.authorization;
    const url = new URL(`${origin.origin}/v2/${path}`);
    if (mirrorOf !== undefined) url.searchParams.set('ns', mirrorOf);
    const followed = await follow({ url, method, headers, read, authorization }, ports);
    return { followed, hadToken: authorization !== undefined };
  };
  return {
    async ask(asked) {
      const first = await send(asked);
      const challenges = first.followed.hops.length === 1 ? first.followed.challenges : undefined;
      // What a redirect leads to gets no token of ours, as it gets none of a client's.
      const tried = challenges === undefined ? undefined : await getIn(challenges);
      const isRetry =
        tried?.authorization !== undefined && asked.kind !== 'ping' && !first.hadToken;
      const { followed, hadToken } = isRetry ? await send(asked) : first;
      const { hops, content } = followed;
      const request = { kind: asked.kind, reference: asked.reference, hops, hadToken };
      const whole = content === undefined ? request : { ...request, content };
      seen.push(whole);
      return whole;
    },
    seen: () => seen,
  };
}

interface Sent {
  readonly followed: Followed;
  readonly hadToken: boolean;
}
