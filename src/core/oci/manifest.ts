// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './descriptor.ts';
import { isTextMap, type JsonObject, misspelledKey } from './json-object.ts';
import { descriptorReader, parseDocument } from './manifest-document.ts';
import {
  type ManifestKind,
  manifestKindOf,
  OCI_INDEX,
  OCI_MANIFEST,
  parseMediaType,
} from './media-type.ts';

/** What a manifest says, whichever of the formats it is written in. */
export interface Manifest {
  readonly kind: ManifestKind;
  readonly mediaType: string;
  /** Images have one. */
  readonly config?: Descriptor;
  /** An image's layers, an artifact's blobs. */
  readonly layers: readonly Descriptor[];
  /** What an index lists. */
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: string };

/** Lists that make a document of one kind look like one of another (CVE-2021-41190). */
const FOREIGN_KEYS: Readonly<Record<ManifestKind, readonly string[]>> = {
  image: ['manifests', 'fsLayers', 'blobs'],
  index: ['config', 'layers', 'fsLayers', 'blobs'],
  artifact: ['config', 'layers', 'manifests', 'fsLayers'],
  opaque: [],
};

const REQUIRED_KEYS: Readonly<Record<ManifestKind, readonly string[]>> = {
  image: ['config', 'layers'],
  index: ['manifests'],
  artifact: [],
  opaque: [],
};

const KEYS = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'blobs',
  'manifests',
  'subject',
  'annotations',
];

/**
 * Reads a manifest so that nobody else can read it otherwise: no key twice, not an image and an index at
 * once, and its own media type the one it came with.
 *
 * A media type we do not know makes it `opaque`: it lists nothing here. It still may not contradict
 * itself, because its reader may know more than we do.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
 *
 * @param contentType the Content-Type it came with, parameters and all; without one the document has to say
 */
export function parseManifest(text: string, contentType?: string): ParsedManifest {
  const given = contentType === undefined ? undefined : parseMediaType(contentType);
  if (contentType !== undefined && given === undefined) return refuse('invalid Content-Type');
  if (given !== undefined && manifestKindOf(given) === 'opaque' && !isBraced(text)) {
    return accept({ kind: 'opaque', mediaType: given, layers: [], manifests: [] });
  }
  const document = parseDocument(text);
  if (typeof document === 'string') return refuse(document);
  const own = document['mediaType'] ?? undefined;
  if (own !== undefined && (typeof own !== 'string' || parseMediaType(own) !== own)) {
    return refuse('its mediaType is none');
  }
  if (own !== undefined && given !== undefined && own !== given) {
    return refuse(`its mediaType "${own}" is not its Content-Type "${given}"`);
  }
  const mediaType = given ?? own ?? impliedMediaType(document);
  return mediaType === undefined ? refuse('it has no mediaType') : readAs(mediaType, document);
}

/** What is no JSON object has no key that could contradict anything. */
function isBraced(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** OCI documents may leave their media type out; their lists tell them apart. */
function impliedMediaType(document: JsonObject): string | undefined {
  if (Array.isArray(document['layers'])) return OCI_MANIFEST;
  return Array.isArray(document['manifests']) ? OCI_INDEX : undefined;
}

function readAs(mediaType: string, document: JsonObject): ParsedManifest {
  const kind = manifestKindOf(mediaType);
  const problem = shapeProblem(kind, document);
  if (problem !== undefined) return refuse(problem);
  if (kind === 'opaque') return accept({ kind, mediaType, layers: [], manifests: [] });
  const problems: string[] = [];
  const { one, many } = descriptorReader(document, problems);
  const config = one('config');
  const subject = one('subject');
  const { artifactType, annotations } = document;
  const manifest: Manifest = {
    kind,
    mediaType,
    layers: many(kind === 'artifact' ? 'blobs' : 'layers'),
    manifests: many('manifests'),
    ...(config !== undefined && { config }),
    ...(subject !== undefined && { subject }),
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(isTextMap(annotations) && { annotations }),
  };
  const [first] = problems;
  return first === undefined ? accept(manifest) : refuse(first);
}

function shapeProblem(kind: ManifestKind, document: JsonObject): string | undefined {
  const has = (key: string): boolean => (document[key] ?? undefined) !== undefined;
  const misspelled = misspelledKey(document, KEYS);
  if (misspelled !== undefined) return `only case tells one of its keys from "${misspelled}"`;
  if (has('layers') && has('manifests')) return 'it has both layers and manifests';
  const foreign = FOREIGN_KEYS[kind].find(has);
  if (foreign !== undefined) return `an ${kind} has no ${foreign}`;
  // Present as `null` is enough: Go's encoder writes that for an empty list.
  const missing = REQUIRED_KEYS[kind].find((key) => document[key] === undefined);
  if (missing !== undefined) return `an ${kind} needs ${missing}`;
  if (kind === 'opaque') return undefined;
  if ((document['schemaVersion'] ?? 2) !== 2) return 'its schemaVersion is not 2';
  if (has('artifactType') && typeof document['artifactType'] !== 'string') {
    return 'its artifactType is no text';
  }
  if (has('annotations') && !isTextMap(document['annotations']))
    return 'its annotations are invalid';
  return undefined;
}

function accept(manifest: Manifest): ParsedManifest {
  return { ok: true, manifest };
}

function refuse(problem: string): ParsedManifest {
  return { ok: false, problem };
}
