// SPDX-License-Identifier: Apache-2.0
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_MANIFEST,
} from '../../../src/core/oci/media-type.ts';
import { type Content, descriptorOf, sha256Of } from '../image-documents.ts';
import {
  addBlob,
  addImage,
  addIndex,
  type ContentSet,
  contentSet,
  type DocumentFields,
  randomText,
} from './content-set.ts';

const NOTE = 'application/vnd.example.note.v1';
const SCAN = 'application/vnd.example.scan.v1';
const LAYER = 'application/vnd.oci.image.layer';

/** Everything that the image specification knows, and what is written beyond it. */
export const CONTENT_KINDS: ReadonlyArray<readonly [string, () => ContentSet]> = [
  ['an image', () => tagged((set) => addImage(set))],
  ['an image whose layers are not compressed', uncompressed],
  ['an image without layers', () => tagged((set) => addImage(set, { layers: [] }))],
  ['an image with a manifest of nearly 4 MiB', large],
  ['an image with content in its descriptors', withData],
  ['an image with layers that nobody may give away', foreign],
  ['an image of Docker', () => tagged((set) => addImage(set, { mediaType: DOCKER_MANIFEST }))],
  ['an index', () => tagged((set) => platforms(set))],
  ['an index of indexes', () => tagged((set) => addIndex(set, [platforms(set), platforms(set)]))],
  ['an index of nothing', () => tagged((set) => addIndex(set, []))],
  ['a list of Docker', () => tagged((set) => platforms(set, { mediaType: DOCKER_LIST }))],
  ['an index and images with fields of their own', custom],
  ['an artifact', () => tagged((set) => artifact(set, NOTE))],
  ['an artifact without a layer', () => tagged(emptyArtifact)],
  ['an index of artifacts', () => tagged((set) => artifacts(set))],
  ['artifacts about an image', aboutImage],
  ['an index about an index', aboutIndex],
  ['an artifact about what is not there', aboutNothing],
  ['an index by sha512', bySha512],
];

function tagged(make: (set: ContentSet) => Content): ContentSet {
  const set = contentSet();
  set.tags.set('v1', make(set));
  return set;
}

/** An index of two images. */
export function platforms(set: ContentSet, fields: DocumentFields = {}): Content {
  return addIndex(set, [addImage(set), addImage(set)], fields);
}

function artifact(set: ContentSet, artifactType: string, fields: DocumentFields = {}): Content {
  return addImage(set, {
    artifactType,
    config: descriptorOf(emptyBlob(set)),
    layers: [descriptorOf(addBlob(set, artifactType))],
    annotations: { 'org.example.unique': randomText(), 'org.example.same': 'same' },
    ...fields,
  });
}

function emptyArtifact(set: ContentSet): Content {
  const config = descriptorOf(emptyBlob(set));
  return addImage(set, { artifactType: NOTE, config, layers: [config] });
}

function emptyBlob(set: ContentSet): Content {
  return addBlob(set, OCI_EMPTY, Buffer.from('{}'));
}

function artifacts(set: ContentSet, fields: DocumentFields = {}): Content {
  const children = [artifact(set, NOTE, fields), artifact(set, NOTE, fields)];
  return addIndex(set, children, { artifactType: NOTE, ...fields });
}

function uncompressed(): ContentSet {
  return tagged((set) =>
    addImage(set, { layers: [descriptorOf(addBlob(set, `${LAYER}.v1.tar`))] }),
  );
}

function large(): ContentSet {
  const text = 'A'.repeat(10_000);
  const annotations = Array.from({ length: 390 }, (_, index) => [`large-${index}`, text]);
  return tagged((set) => addImage(set, { annotations: Object.fromEntries(annotations) }));
}

function withData(): ContentSet {
  const whole = (content: Content) => {
    const data = Buffer.from(content.bytes).toString('base64');
    return { ...descriptorOf(content), data };
  };
  return tagged((set) => {
    const config = whole(addBlob(set, OCI_CONFIG));
    return addImage(set, { config, layers: [whole(addBlob(set))] });
  });
}

function foreign(): ContentSet {
  const elsewhere = (suffix: string) => {
    const digest = sha256Of(randomText());
    const urls = [`https://store.example/${digest}`];
    return { mediaType: `${LAYER}.nondistributable.v1.${suffix}`, digest, size: 12_345, urls };
  };
  return tagged((set) => {
    const own = descriptorOf(addBlob(set));
    return addImage(set, { layers: [elsewhere('tar+gzip'), elsewhere('tar'), own] });
  });
}

function custom(): ContentSet {
  const field = () => ({ [`org.${randomText()}`]: randomText() });
  return tagged((set) => addIndex(set, [addImage(set, field()), addImage(set, field())], field()));
}

/** An image with three referrers. */
export function aboutImage(): ContentSet {
  return tagged((set) => {
    const image = addImage(set);
    const subject = descriptorOf(image);
    addImage(set, { subject });
    set.tags.set('note', artifact(set, NOTE, { subject }));
    set.tags.set('scan', artifact(set, SCAN, { subject }));
    return image;
  });
}

function aboutIndex(): ContentSet {
  return tagged((set) => {
    const index = platforms(set);
    set.tags.set('note', artifacts(set, { subject: descriptorOf(index) }));
    return index;
  });
}

function aboutNothing(): ContentSet {
  const digest = sha256Of('nowhere');
  const subject = { mediaType: OCI_MANIFEST, digest, size: 123 };
  return tagged((set) => artifact(set, NOTE, { subject }));
}

function bySha512(): ContentSet {
  const set = contentSet('sha512');
  platforms(set);
  return set;
}
