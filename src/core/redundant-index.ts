import type { CatalogIndex } from './schema-catalog.ts'

type Key = CatalogIndex['keys'][number]

/**
 * Does `other` do all that `index` does? `same`: it is the same index under another name. `prefix`: both are plain btrees,
 * and the other begins with the keys of this one. A unique index is made needless by a unique one with the same keys only,
 * a condition, operator class, collation or included column by the same. What is not known counts as another.
 */
export function coveredBy(index: CatalogIndex, other: CatalogIndex): 'same' | 'prefix' | undefined {
  const isAlike =
    index.method === other.method &&
    other.isValid &&
    index.predicate === other.predicate &&
    (index.nullsNotDistinct ?? false) === (other.nullsNotDistinct ?? false) &&
    index.keys.every((key, place) => sameKey(key, other.keys[place]))
  if (!isAlike || index.keys.length === 0) return undefined
  const includes = index.include.every((column) => other.include.includes(column) || isKey(other, column))
  if (index.keys.length === other.keys.length) {
    if (index.isUnique && !other.isUnique) return undefined
    return includes && index.isUnique === other.isUnique && index.include.length === other.include.length
      ? 'same'
      : includes && other.isUnique
        ? 'prefix'
        : undefined
  }
  return includes && !index.isUnique && index.method === 'btree' ? 'prefix' : undefined
}

function isKey({ keys }: CatalogIndex, column: string): boolean {
  return keys.some((key) => key.column === column)
}

function sameKey(key: Key, other: Key | undefined): boolean {
  const isKnown = key.column !== undefined || (key.expression !== undefined && key.expression !== 'unknown')
  return (
    other !== undefined &&
    isKnown &&
    key.column === other.column &&
    key.expression === other.expression &&
    key.operatorClass === other.operatorClass &&
    key.collation === other.collation &&
    (key.isDescending ?? false) === (other.isDescending ?? false) &&
    (key.nullsFirst ?? false) === (other.nullsFirst ?? false)
  )
}
