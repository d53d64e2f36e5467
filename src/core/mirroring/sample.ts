// SPDX-License-Identifier: Apache-2.0

/** How much of what there is is looked at closely. */
export type Sample =
  | { readonly kind: 'all' }
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'count'; readonly count: number };

const SHARE = /^(\d{1,3}(?:\.\d{1,4})?)%$/;
const COUNT = /^\d{1,12}$/;

/** Reads `5%`, `0.5%` or `1000`; undefined for anything else. */
export function parseSample(text: string): Sample | undefined {
  if (COUNT.test(text)) return { kind: 'count', count: Number(text) };
  const percent = SHARE.exec(text)?.[1];
  const share = Number(percent ?? Number.NaN) / 100;
  return share <= 1 ? { kind: 'share', share } : undefined;
}

/**
 * Says of one after the other whether it is chosen, each as likely as any other; of a number, exactly so many are,
 * when there are as many as was said.
 *
 * @param total how many will come
 * @param random gives numbers from 0 to below 1
 */
export function chooserOf(sample: Sample, total: number, random: () => number): () => boolean {
  switch (sample.kind) {
    case 'all':
      return () => true;
    case 'share':
      return () => random() < sample.share;
    case 'count':
      return chooseSome(sample.count, total, random);
  }
}

function chooseSome(count: number, total: number, random: () => number): () => boolean {
  let [needed, left] = [count, total];
  return () => {
    const isChosen = random() * left < needed;
    left = Math.max(left - 1, 0);
    if (isChosen) needed -= 1;
    return isChosen;
  };
}
