// SPDX-License-Identifier: Apache-2.0
import type { ConfigDocument } from './schema.ts';

/** The environment archeio reads. All are optional; PORT alone does not ask for this mode. */
export interface ArcheioVariables {
  readonly UPSTREAM_REGISTRY_ENDPOINT?: string | undefined;
  readonly UPSTREAM_REGISTRY_PATH?: string | undefined;
  readonly SIGNATURE_UPSTREAM_ENDPOINT?: string | undefined;
  readonly DEFAULT_AWS_BASE_URL?: string | undefined;
  readonly PORT?: string | undefined;
}

export function asksForArcheio(variables: ArcheioVariables): boolean {
  const { PORT: _, ...others } = variables;
  return Object.values(others).some((value) => value !== undefined);
}

/**
 * Puts archeio's variables into the configuration of registry.k8s.io.
 *
 * Kubernetes' own buckets hold Kubernetes' own images: for any other upstream path they would be asked
 * in vain, so then everybody outside Google's cloud is served from the default base URL.
 */
export function archeioDocument(
  shipped: ConfigDocument,
  variables: ArcheioVariables,
): ConfigDocument {
  const path = variables.UPSTREAM_REGISTRY_PATH;
  const isKubernetes = path === undefined || path.startsWith('k8s-artifacts-prod');
  const base = isKubernetes ? shipped : withDefaultBackendOnly(shipped);
  return {
    ...base,
    listen: { ...base.listen, ...portOf(variables.PORT) },
    ...upstreamsOf(base, variables),
    backends: base.backends?.map((backend) =>
      backend.name === DEFAULT_BACKEND
        ? { ...backend, url: variables.DEFAULT_AWS_BASE_URL ?? backend.url }
        : backend,
    ),
  };
}

const DEFAULT_BACKEND = 'default';

function withDefaultBackendOnly(shipped: ConfigDocument): ConfigDocument {
  return {
    ...shipped,
    backends: shipped.backends?.filter(({ name }) => name === DEFAULT_BACKEND),
    routing: [{ client: { cloud: 'gcp' }, blobs: ['upstream'] }, { blobs: [DEFAULT_BACKEND] }],
  };
}

function upstreamsOf(
  { upstreams: [shipped] }: ConfigDocument,
  variables: ArcheioVariables,
): Pick<ConfigDocument, 'upstreams' | 'canonicalUpstream'> {
  const upstream = {
    ...shipped,
    url: variables.UPSTREAM_REGISTRY_ENDPOINT ?? shipped.url,
    repositoryPrefix: variables.UPSTREAM_REGISTRY_PATH ?? shipped.repositoryPrefix,
  };
  const signatures = variables.SIGNATURE_UPSTREAM_ENDPOINT;
  // archeio's own default is the empty text, for "the same upstream".
  if (signatures === undefined || signatures === '') return { upstreams: [upstream] };
  return {
    upstreams: [upstream, { ...upstream, name: 'signatures', url: signatures }],
    canonicalUpstream: 'signatures',
  };
}

function portOf(text: string | undefined): { port?: number } {
  // What is no number becomes NaN, which the schema refuses by name.
  return text === undefined || text === '' ? {} : { port: Number(text) };
}
