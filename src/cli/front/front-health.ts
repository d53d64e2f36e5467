// SPDX-License-Identifier: Apache-2.0

import { parseCanary } from '../../config/canary.ts';
import { routingTableOf } from '../../config/routing.ts';
import type { Config } from '../../config/schema.ts';
import { parseDigest } from '../../core/oci/digest.ts';
import { blobPathOf } from '../../core/routing/blob-path.ts';
import { type BackendHealth, backendHealth } from '../../redirector/backend-health.ts';
import { askCanaries, type Canary, type CanaryPorts } from '../../redirector/canaries.ts';

export function openHealth({ health, backends }: Config): BackendHealth {
  const { tripAfter: failures, pause, longestPause, ejectAfter, returnAfter } = health;
  const drained = new Set(backends.filter(({ drain }) => drain).map(({ name }) => name));
  const limits = { breaker: { failures, pause, longestPause }, ejectAfter, returnAfter };
  return backendHealth(limits, { now: Date.now, drained });
}

/** Asks the canaries of the configuration at their interval; returns what ends that. */
export function startCanaries(config: Config, ports: CanaryPorts): () => void {
  const canaries = canariesOf(config);
  if (canaries.length === 0) return () => {};
  const ask = () => void askCanaries(canaries, ports);
  ask();
  const timer = setInterval(ask, config.health.interval).unref();
  return () => clearInterval(timer);
}

function canariesOf(config: Config): Canary[] {
  const { backends, upstreams } = routingTableOf(config, () => undefined);
  const blobs = backends.flatMap(({ name, url, blobPath }, place): Canary[] => {
    const digest = parseDigest(config.backends[place]?.canary ?? '');
    if (digest === undefined) return [];
    return [{ kind: 'blob', holder: name, url: url + blobPathOf(blobPath, digest) }];
  });
  const manifests = upstreams.flatMap(({ name, url, repositoryPrefix }, place): Canary[] => {
    const canary = parseCanary(config.upstreams[place]?.canary ?? '');
    if (canary === undefined) return [];
    const path = `${repositoryPrefix}${canary.repository}/manifests/${canary.tag}`;
    return [{ kind: 'manifest', holder: name, url: `${url}/v2/${path}` }];
  });
  return [...blobs, ...manifests];
}
