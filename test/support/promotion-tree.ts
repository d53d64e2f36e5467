// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PromotionTree {
  readonly projects: number;
  /** In each project. */
  readonly images: number;
  /** Of each image. */
  readonly digests: number;
}

/** Says what the digest at a place of the tree is; left out, it is one of nothing. */
export type DigestAt = (repository: string, place: number) => string;

/** Writes `images/<project>/images.yaml`, and the manifest of each below `manifests`; says how many digests are in it. */
export async function writePromotionTree(
  folder: string,
  { projects, images, digests }: PromotionTree,
  digestAt: DigestAt = digestOfName,
): Promise<number> {
  for (let project = 0; project < projects; project += 1) {
    const name = `k8s-staging-p${project}`;
    const list = Array.from({ length: images }, (_, image) => {
      const lines = Array.from({ length: digests }, (_, place) => {
        const digest = digestAt(`prod/images/p${project}/image-${image}`, place);
        return `    "${digest}": ["v1.${place}", "1.${place}0"]`;
      });
      return `- name: image-${image}\n  dmap:\n${lines.join('\n')}\n`;
    });
    await put(join(folder, 'images', name), 'images.yaml', list.join(''));
    await put(join(folder, 'manifests', name), 'promoter-manifest.yaml', manifestOf(project));
  }
  return projects * images * digests;
}

function manifestOf(project: number): string {
  const places = ['us.example', 'eu.example'];
  const brought = places.map((host) => `- name: ${host}/prod/images/p${project}\n`);
  return `registries:\n- name: staging.example/p${project}\n  src: true\n${brought.join('')}`;
}

async function put(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), text);
}

function digestOfName(repository: string, place: number): string {
  return `sha256:${createHash('sha256').update(`${repository} ${place}`).digest('hex')}`;
}
