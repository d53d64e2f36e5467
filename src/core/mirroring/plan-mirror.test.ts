// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROPERTY_RUNS } from '../../../test/support/property-runs.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { type DigestTable, digestTable } from './digest-table.ts';
import { mirrorPlanner, planMirror } from './plan-mirror.ts';
import type { WantedObject } from './wanted-object.ts';

function digestAt(place: number): Digest {
  const digest = parseDigest(`sha256:${place.toString(16).padStart(4, '0').repeat(16)}`);
  return digest ?? expect.fail('the digest is one');
}

function tableOf(held: Iterable<readonly [number, number]>): DigestTable {
  const table = digestTable();
  for (const [place, size] of held) table.set(digestAt(place), size);
  return table;
}

function object(kind: WantedObject['kind'], place: number, size = place): WantedObject {
  return { kind, digest: digestAt(place), size, mediaType: 'text/plain', repository: 'app' };
}

test('each object is read once, for all targets that lack it, and manifests come last', () => {
  const wanted = [object('manifest', 1), object('blob', 2), object('blob', 3), object('blob', 2)];
  const dublin = { name: 'dublin', held: tableOf([[2, 2]]) };
  const paris = { name: 'paris', held: tableOf([]) };
  const { copies, targets, wanted: all } = planMirror(wanted, [dublin, paris]);
  expect([...copies].map(({ size, targets }) => [size, ...targets])).toEqual([
    [2, 'paris'],
    [3, 'dublin', 'paris'],
    [1, 'dublin', 'paris'],
  ]);
  expect(targets).toEqual([
    { name: 'dublin', blobs: 1, manifests: 1, bytes: 4 },
    { name: 'paris', blobs: 2, manifests: 1, bytes: 6 },
  ]);
  expect(all).toEqual({ objects: 3, bytes: 6 });
});

test('what has another size than it should have is missing', () => {
  const { copies } = planMirror([object('blob', 5)], [{ name: 'a', held: tableOf([[5, 0]]) }]);
  expect(copies).toHaveLength(1);
});

test('a manifest that lies about the size of a blob does not keep it from being copied', () => {
  const wanted = [7, 5, 7, 5, 7].map((size) => object('blob', 5, size));
  const { copies } = planMirror(wanted, [{ name: 'a', held: tableOf([]) }]);
  expect([...copies].map(({ size }) => size)).toEqual([7, 5]);
  const later = planMirror(wanted, [{ name: 'a', held: tableOf([[5, 5]]) }]);
  expect([...later.copies].map(({ size }) => size)).toEqual([7]);
});

test('what a target turns out to hold is taken from the plan, for it alone', () => {
  const dublin = { name: 'dublin', held: tableOf([]) };
  const paris = { name: 'paris', held: tableOf([]) };
  const planner = mirrorPlanner([dublin, paris]);
  for (const place of [2, 3, 4]) planner.add(object('blob', place));
  const copiesOf = () => [...planner.plan().copies].map(({ size, targets }) => [size, ...targets]);
  const both = ['dublin', 'paris'];
  expect(copiesOf()).toEqual([2, 3, 4].map((size) => [size, ...both]));
  dublin.held.set(digestAt(2), 2);
  dublin.held.set(digestAt(3), 3);
  paris.held.set(digestAt(3), 3);
  paris.held.set(digestAt(4), 1);
  expect(copiesOf()).toEqual([
    [2, 'paris'],
    [4, ...both],
  ]);
  expect(planner.plan().wanted).toEqual({ objects: 3, bytes: 9 });
});

test('all that is wanted can be gone through again, each once', () => {
  const planner = mirrorPlanner([]);
  const [one, other] = [object('manifest', 1), object('blob', 2)];
  for (const wanted of [one, other, one]) planner.add(wanted);
  expect([...planner.objects()]).toEqual([one, other]);
});

test('every size that was said of a digest is known', () => {
  const planner = mirrorPlanner([]);
  for (const size of [7, 5]) planner.add(object('blob', 5, size));
  const isWanted = (size: number) => planner.isWanted(digestAt(5), size);
  expect([5, 6, 7].map(isWanted)).toEqual([true, false, true]);
  expect(planner.isWanted(digestAt(6), 6)).toBe(false);
});

/** Nodes list only nodes before them: a graph without circles, shared and repeated as it comes. */
const registry = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 5 }), {
  minLength: 1,
  maxLength: 30,
});
const holdings = fc.array(fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 }), { maxLength: 4 });

/** Every object as often as somebody refers to it: blobs are the nodes that list nothing. */
function* walk(nodes: readonly (readonly number[])[], from: number): Generator<number> {
  yield from;
  const children = new Set(nodes[from]);
  for (const child of children) if (child < from) yield* walk(nodes, child);
}

test('for any registry the plan is what the targets lack of what is reached', () => {
  fc.assert(
    fc.property(registry, fc.array(fc.nat({ max: 29 })), holdings, (nodes, tags, held) => {
      // Depth is cut by taking few tags of few nodes: a naive walk is exponential.
      const roots = tags.filter((tag) => tag < Math.min(nodes.length, 12));
      const reached = roots.flatMap((root) => [...walk(nodes, root)]);
      const kindOf = (place: number) => ((nodes[place] ?? []).length > 0 ? 'manifest' : 'blob');
      const wanted = reached.map((place) => object(kindOf(place), place));
      const targets = held.map((places, number) => ({
        name: `t${number}`,
        held: tableOf(places.map((place) => [place, place])),
      }));
      const plan = planMirror(wanted, targets);
      for (const [number, places] of held.entries()) {
        const name = `t${number}`;
        const expected = new Set(reached.filter((place) => !places.includes(place)));
        const planned = [...plan.copies].filter(({ targets }) => targets.includes(name));
        expect(new Set(planned.map(({ digest }) => digest))).toEqual(
          new Set([...expected].map(digestAt)),
        );
        expect(planned).toHaveLength(expected.size);
        expect(plan.targets[number]).toEqual({
          name,
          blobs: planned.filter(({ kind }) => kind === 'blob').length,
          manifests: planned.filter(({ kind }) => kind === 'manifest').length,
          bytes: [...expected].reduce((sum, place) => sum + place, 0),
        });
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
