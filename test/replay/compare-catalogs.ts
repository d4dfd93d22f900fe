import type { SchemaCatalog } from '../../src/core/model.ts'

type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Value[]
  | { readonly [key: string]: Value }
type Item = Readonly<Record<string, Value>>

/** Written in other words by Postgres: only whether there is one is compared. */
const texts: ReadonlySet<string> = new Set([
  'default',
  'expression',
  'predicate',
  'using',
  'withCheck',
  'body',
])

/** Where a predicted catalogue claims something else than was measured; what it leaves open is not compared. */
export function catalogDifferences(predicted: SchemaCatalog, measured: SchemaCatalog): readonly string[] {
  const differences: string[] = []
  for (const kind of ['tables', 'routines', 'sequences', 'types', 'publications'] as const) {
    const claimed = (predicted[kind] ?? []).map(toItem)
    const found = (measured[kind] ?? []).map(toItem).filter(({ kind: type }) => type !== 'aggregate')
    lists(kind, claimed, found, true, differences)
  }
  const schemas = new Set((measured.schemas ?? []).map(({ name }) => name))
  for (const { name } of predicted.schemas ?? [])
    if (!schemas.has(name)) differences.push(`schema ${name}: missing`)
  for (const { name, schema } of predicted.extensions ?? []) {
    const found = (measured.extensions ?? []).find((one) => one.name === name)
    if (found === undefined || (schema !== '' && schema !== found.schema))
      differences.push(`extension ${name}`)
  }
  return differences
}

function toItem(value: object): Item {
  return value as unknown as Item
}

function lists(
  path: string,
  claimed: readonly Item[],
  found: readonly Item[],
  isComplete: boolean,
  differences: string[],
): void {
  const byKey = new Map(found.map((item) => [keyOf(item), item]))
  for (const item of claimed) {
    const key = keyOf(item)
    const other = byKey.get(key)
    if (other === undefined) differences.push(`${path} ${key}: not there`)
    else items(`${path} ${key}`, item, other, differences)
    byKey.delete(key)
  }
  if (!isComplete) return
  for (const [key, item] of byKey)
    if (item['kind'] !== 'not null') differences.push(`${path} ${key}: not told`)
}

function keyOf(item: Item): string {
  if (item['constraint'] !== undefined && item['enabled'] !== undefined)
    return `trigger of ${String(item['constraint'])}`
  const types = Array.isArray(item['arguments']) ? `(${item['arguments'].join(', ')})` : ''
  return `${item['schema'] === undefined ? '' : `${String(item['schema'])}.`}${String(item['name'])}${types}`
}

function items(path: string, claimed: Item, found: Item, differences: string[]): void {
  for (const [key, value] of Object.entries(claimed)) {
    const other = found[key]
    if (key === 'id' || key === 'isPartial' || value === undefined || value === 'RI_ConstraintTrigger')
      continue
    const at = `${path}.${key}`
    if (texts.has(key)) {
      if (other === undefined) differences.push(`${at}: ${String(value)}, but there is none`)
    } else if (isListOfItems(value) || isListOfItems(other)) {
      const isComplete = claimed['isPartial'] !== true
      lists(at, value as readonly Item[], other as readonly Item[], isComplete, differences)
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      items(at, value as Item, (other ?? {}) as Item, differences)
    } else if (JSON.stringify(value) !== JSON.stringify(key === 'keys' ? keysAsTold(other) : other)) {
      differences.push(`${at}: ${JSON.stringify(value)} instead of ${JSON.stringify(other)}`)
    }
  }
  for (const key of ['default', 'predicate', 'identity', 'generated', 'partitionOf', 'inherits'])
    if (found[key] !== undefined && claimed[key] === undefined && isKnownFor(key, claimed))
      differences.push(`${path}.${key}: ${JSON.stringify(found[key])} not told`)
}

/** The collation of an expression is that of its parts. */
function keysAsTold(keys: Value): Value {
  if (!Array.isArray(keys)) return keys
  return keys.map((key: Item) => {
    const { collation: _collation, ...rest } = key
    return key['expression'] === undefined ? key : rest
  })
}

/** Facts whose absence in a prediction says that there is none. */
function isKnownFor(key: string, claimed: Item): boolean {
  return key === 'default' ? claimed['number'] !== undefined : claimed['isPartial'] !== true
}

/** Named ones: the keys of an index have a place instead. */
function isListOfItems(value: Value): boolean {
  return (
    Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null && 'name' in item)
  )
}
