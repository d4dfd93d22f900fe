/** Values by a key of theirs, groups and members in the order given. */
export function groupBy<T, K>(
  values: Iterable<T>,
  keyOf: (value: T) => K,
): ReadonlyMap<K, readonly [T, ...T[]]> {
  const groups = new Map<K, [T, ...T[]]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}

/** The groups alone; `undefined` for a key leaves the value out. */
export function grouped<T>(
  values: readonly T[],
  keyOf: (value: T) => string | undefined,
): readonly (readonly [T, ...T[]])[] {
  const groups = groupBy(values, keyOf)
  return [...groups].flatMap(([key, group]) => (key === undefined ? [] : [group]))
}
