// SPDX-License-Identifier: Apache-2.0
import type { FamilySeen, HopFailure, HostSeen } from '../core/doctor/observation.ts';
import type { DoctorPorts } from './target.ts';

/** Every host of the way, tried once, before the first request goes there. */
export interface MetHosts {
  /** Why nothing can be asked of the host; undefined when something can. */
  meet(url: URL): Promise<HopFailure | undefined>;
  /** In the order in which they were met. */
  seen(): readonly HostSeen[];
}

export function openMetHosts({ reach }: Pick<DoctorPorts, 'reach'>): MetHosts {
  const tried = new Map<string, Promise<readonly FamilySeen[]>>();
  const seen: HostSeen[] = [];
  const attempt = async (url: URL) => {
    const families = await reach(url);
    seen.push({ host: url.host, families });
    return families;
  };
  return {
    async meet(url) {
      const trying = tried.get(url.origin) ?? attempt(url);
      tried.set(url.origin, trying);
      const families = await trying;
      if (families.some(({ kind }) => kind === 'connected')) return undefined;
      return families.some(({ kind }) => kind === 'private') ? 'private-host' : 'unreachable';
    },
    seen: () => seen,
  };
}
