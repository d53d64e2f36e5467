// SPDX-License-Identifier: Apache-2.0

export interface LabelTree<T> {
  /** The value of these labels, made the first time. One map look-up a label and no text joined: hot paths call this. */
  at(labels: readonly string[]): T;
  entries(): Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly value: T }>;
}

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  value: T | undefined;
}

/** @throws RangeError when `at` gets more or fewer labels than there are names. */
export function labelTree<T>(names: readonly string[], make: () => T): LabelTree<T> {
  const root: Node<T> = { children: new Map(), value: undefined };
  const all: Array<{ readonly labels: Readonly<Record<string, string>>; readonly value: T }> = [];

  function fill(node: Node<T>, labels: readonly string[]): T {
    if (labels.length !== names.length) {
      throw new RangeError(`expected the labels "${names.join(', ')}", got ${labels.length}`);
    }
    const value = make();
    node.value = value;
    all.push({
      labels: Object.fromEntries(names.map((name, index) => [name, labels[index] ?? ''])),
      value,
    });
    return value;
  }

  return {
    at(labels) {
      let node = root;
      for (const label of labels) node = node.children.get(label) ?? grow(node, label);
      return node.value ?? fill(node, labels);
    },
    entries: () => all,
  };
}

function grow<T>(parent: Node<T>, label: string): Node<T> {
  const child: Node<T> = { children: new Map(), value: undefined };
  parent.children.set(label, child);
  return child;
}
