// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { parseDigest } from './digest.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { referencesOf } from './manifest-references.ts';
import { OCI_ARTIFACT, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from './media-type.ts';

const TYPES = [OCI_MANIFEST, OCI_INDEX, OCI_ARTIFACT, 'application/vnd.example.thing'];
const KEYS = ['mediaType', 'config', 'layers', 'Layers', 'blobs', 'manifests', 'subject'];

/** What may stand anywhere, `__proto__` and all. */
const anything = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom<unknown>(null, true, -1, 1.5, '', 'x', [], [null], {}, [{}], [[1]]),
  },
  fc.jsonValue({ maxDepth: 1 }),
  fc.constant(JSON.parse('{"__proto__":{"digest":"x"}}')),
);
const digest = fc.constantFrom(
  `sha256:${'a'.repeat(64)}`,
  `sha512:${'b'.repeat(128)}`,
  `sha256:${'A'.repeat(64)}`,
  'sha256:../../x',
  '',
);
const descriptor = fc.record(
  {
    mediaType: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(OCI_LAYER_GZIP, ...TYPES) },
      anything,
    ),
    digest: fc.oneof({ weight: 9, arbitrary: digest }, anything),
    size: fc.oneof({ weight: 9, arbitrary: fc.nat() }, fc.double(), anything),
    urls: anything,
    annotations: anything,
    platform: anything,
  },
  { requiredKeys: ['mediaType', 'digest', 'size'] },
);
const list = fc.oneof(
  { weight: 9, arbitrary: fc.array(descriptor, { maxLength: 4 }) },
  fc.array(anything, { maxLength: 3 }),
  anything,
);
const one = fc.oneof({ weight: 9, arbitrary: descriptor }, anything);
const image = fc.record(
  {
    schemaVersion: fc.constantFrom(2, 2, 2, 1, '2'),
    mediaType: fc.constantFrom(...TYPES),
    config: one,
    layers: list,
    blobs: list,
    manifests: list,
    subject: one,
    artifactType: fc.oneof(fc.string(), anything),
    annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), anything),
  },
  { requiredKeys: [] },
);
/** Near enough to a manifest that much of it is accepted, and far enough that much is not. */
const written = fc
  .tuple(image, fc.dictionary(fc.constantFrom(...KEYS, '__proto__', 'x'), anything), fc.boolean())
  .map(([document, more, isSpoilt]) =>
    JSON.stringify(isSpoilt ? { ...document, ...more } : document),
  );
/** A manifest of one kind, of which little is wrong. */
const valid = fc.record({
  mediaType: fc.constantFrom(OCI_LAYER_GZIP, ...TYPES),
  digest: fc.constantFrom(`sha256:${'a'.repeat(64)}`, `sha512:${'b'.repeat(128)}`),
  size: fc.nat(),
});
const several = fc.array(fc.oneof({ weight: 99, arbitrary: valid }, descriptor), { maxLength: 3 });
const plausible = fc
  .oneof(
    fc.record({ mediaType: fc.constant(OCI_MANIFEST), config: valid, layers: several }),
    fc.record({ mediaType: fc.constant(OCI_INDEX), manifests: several }),
    fc.record({ mediaType: fc.constant(OCI_ARTIFACT), blobs: several }),
  )
  .chain((document) =>
    fc
      .record(
        { subject: fc.option(valid), x: anything, ['__proto__']: anything },
        { requiredKeys: [] },
      )
      .map((more) => JSON.stringify({ ...document, ...more })),
  );
/** The same with a piece cut out and something else put there. */
const damaged = fc
  .tuple(written, fc.nat(), fc.nat(20), fc.constantFrom('', '"', '{', '}', ',', '\\u006c', '\0'))
  .map(([text, at, length, piece]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + piece + text.slice(from + length);
  });
const noise = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
const contentType = fc.option(fc.oneof(fc.constantFrom(...TYPES), fc.string()), { nil: undefined });

const LISTS = ['layers', 'blobs', 'manifests'];

/** Whatever a reader who knows nothing of us finds in a document that could be a reference. */
function namedIn(document: Record<string, unknown>): string[] {
  const single = [document['config'], document['subject']];
  const several = LISTS.flatMap((key) => document[key] ?? []);
  return [...single, ...several].flatMap((entry) => Object(entry)['digest'] ?? []);
}

function namedBy({ config, subject, layers, manifests }: Manifest): string[] {
  const single = [config, subject].flatMap((entry) => entry ?? []);
  return [...single, ...layers, ...manifests].map((entry) => entry.digest);
}

describe('a manifest', () => {
  test('of any text at all is accepted or refused, and never an error', () => {
    fc.assert(
      fc.property(fc.oneof(written, damaged, noise), contentType, (text, type) => {
        const parsed = parseManifest(text, type);
        expect(parsed).toHaveProperty(parsed.ok ? 'manifest' : 'problem');
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('that is accepted refers to what every other reader finds in it, by valid digests', () => {
    const text = fc.oneof({ weight: 4, arbitrary: plausible }, written);
    fc.assert(
      fc.property(text, (text) => {
        const parsed = parseManifest(text);
        const manifest = parsed.ok ? parsed.manifest : undefined;
        fc.pre(manifest !== undefined && manifest.kind !== 'opaque');
        const named = namedBy(manifest);
        expect(named.toSorted()).toEqual(namedIn(JSON.parse(text)).toSorted());
        expect(named.every((one) => parseDigest(one) === one)).toBe(true);
        const { manifests, blobs } = referencesOf(manifest);
        for (const { digest } of [...manifests, ...blobs]) expect(named).toContain(digest);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
