// SPDX-License-Identifier: Apache-2.0
import type { Observations } from '../core/doctor/observation.ts';
import { openInterview } from './interview.ts';
import { openMetHosts } from './met-hosts.ts';
import type { DoctorPorts, Target } from './target.ts';
import { walkImage } from './walk-image.ts';

/** Does what a client does to pull, step by step, and writes down what it sees; `diagnose` judges it. */
export async function examine(target: Target, ports: DoctorPorts): Promise<Observations> {
  const hosts = openMetHosts(ports);
  const interview = openInterview(target, { ...ports, hosts });
  const isReachable = (await hosts.meet(target.origin)) === undefined;
  const walked = isReachable ? await walkImage(target, interview) : {};
  return {
    home: target.origin.host,
    isMirror: target.mirrorOf !== undefined,
    hosts: hosts.seen(),
    requests: interview.seen(),
    ...walked,
  };
}
