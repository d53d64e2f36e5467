// SPDX-License-Identifier: Apache-2.0
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { problemsOf } from './problems.ts';
import { type Config, type ConfigDocument, ConfigSchema } from './schema.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

export type DocumentResult =
  | { readonly ok: true; readonly document: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads YAML (or JSON, which is YAML). A key given twice is a problem, and so is a swarm of aliases. */
export function parseYaml(text: string): DocumentResult {
  const yaml = parseDocument(text, { prettyErrors: true });
  // A warning is of a `!` that was to be part of a text: YAML takes it for a type, and leaves nothing of it.
  const flaws = [...yaml.errors, ...yaml.warnings];
  if (flaws.length > 0) return { ok: false, problems: [...new Set(flaws.map(flawOf))] };
  try {
    return { ok: true, document: yaml.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return {
      ok: false,
      problems: [quoteHint(error instanceof Error ? error.message : 'unreadable')],
    };
  }
}

/** Checks a whole document and reports everything wrong with it, not just the first thing. */
export function parseConfig(document: unknown): ConfigResult {
  const result = ConfigSchema.safeParse(document);
  if (!result.success) return { ok: false, problems: problemsOf(result.error, ConfigSchema) };
  const problems = crossCheck(result.data);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: result.data };
}

/** The configuration as a document again, with every default written out. */
export function documentOf(config: Config): ConfigDocument {
  return z.encode(ConfigSchema, config);
}

/** JSON Schema (draft 2020-12) of the document, as people write it. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' });
}

/** What no single key can tell: names that are used, but not given, or given twice. */
function crossCheck(config: Config): string[] {
  const { upstreams, backends, canonicalUpstream, routing, cloudRanges, repositories } = config;
  const upstreamNames = upstreams.map(({ name }) => name);
  const backendNames = backends.map(({ name }) => name);
  const problems = repeated([...upstreamNames, ...backendNames]).map(
    (name) => `"${name}" names two upstreams or backends: each needs a name of its own`,
  );
  if (canonicalUpstream !== undefined && !upstreamNames.includes(canonicalUpstream)) {
    problems.push(`canonicalUpstream: no upstream is named "${canonicalUpstream}"`);
  }
  const catalog = repositories?.catalog?.upstream;
  if (catalog !== undefined && !upstreamNames.includes(catalog)) {
    problems.push(`repositories.catalog.upstream: no upstream is named "${catalog}"`);
  }
  const candidates = ['same-region', 'nearest', 'upstream', ...backendNames];
  for (const [index, { blobs }] of routing.entries()) {
    for (const name of blobs.filter((name) => !candidates.includes(name))) {
      problems.push(
        `routing.${index}.blobs: no backend is named "${name}"; known are ${candidates.join(', ')}`,
      );
    }
  }
  for (const [index, { deliver, help }] of routing.entries()) {
    if (help !== undefined && deliver !== 'deny') {
      problems.push(`routing.${index}.help: only a rule with \`deliver: deny\` has one`);
    }
  }
  if (cloudRanges.feeds.length > 0 && cloudRanges.directory === undefined) {
    problems.push('cloudRanges.directory: name the folder that holds the feeds');
  }
  return problems;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function flawOf({ message }: Error): string {
  const [first = message] = message.split('\n', 1);
  return quoteHint(first.replace(/:$/, ''));
}

/** What begins with `*` or `!` means something to YAML, and here it is the beginning of a pattern. */
function quoteHint(problem: string): string {
  return /alias|tag/i.test(problem) ? `${problem}: put what begins with * or ! in quotes` : problem;
}
