import type { TableRates } from '../core/production.ts'
import { loadParser, parseStatement } from '../sql/parse.ts'
import { readQuery, type QueryParts } from '../sql/query.ts'
import type { SnapshotStatement } from '../snapshot/format.ts'

/** The most called ones are parsed; the others hardly count. */
const mostStatements = 1000
const mostCharacters = 20_000

interface Sums {
  reads: number
  writes: number
}

type Named = { readonly schemaname?: string; readonly relname?: string }

/**
 * How often statements of production name each table, by `schema.name` as JSON. A name without a schema means the table
 * of that name in public, else the only one; views and functions hide what they use.
 */
export async function statementRates(
  statements: readonly SnapshotStatement[],
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<ReadonlyMap<string, TableRates>> {
  await loadParser()
  const keys = keysOf(tables)
  const sums = new Map<string, Sums>()
  const chosen = statements
    .filter(({ sql, callsPerSecond }) => callsPerSecond > 0 && sql.length <= mostCharacters)
    .toSorted((a, b) => b.callsPerSecond - a.callsPerSecond)
    .slice(0, mostStatements)
  for (const { sql, callsPerSecond } of chosen) {
    const { reads, writes } = tablesOf(sql, keys)
    for (const key of writes) sumOf(sums, key).writes += callsPerSecond
    // whoever writes to a table waits once
    for (const key of reads) if (!writes.has(key)) sumOf(sums, key).reads += callsPerSecond
  }
  return new Map([...sums].map(([key, { reads, writes }]) => [key, { reads, writes, from: 'statements' }]))
}

/** The key of a table in what {@link statementRates} gives. */
export function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name])
}

function sumOf(sums: Map<string, Sums>, key: string): Sums {
  const found = sums.get(key)
  if (found !== undefined) return found
  const fresh = { reads: 0, writes: 0 }
  sums.set(key, fresh)
  return fresh
}

type KeyOf = (named: Named) => string | undefined

function keysOf(tables: readonly { readonly schema: string; readonly name: string }[]): KeyOf {
  const known = new Set(tables.map(tableKey))
  const schemas = new Map<string, string | undefined>()
  for (const { schema, name } of tables) {
    if (schema === 'public' || !schemas.has(name)) schemas.set(name, schema)
    else if (schemas.get(name) !== 'public') schemas.set(name, undefined)
  }
  return ({ schemaname, relname = '' }) => {
    const schema = schemaname ?? schemas.get(relname)
    if (schema === undefined) return undefined
    const key = tableKey({ schema, name: relname })
    return known.has(key) ? key : undefined
  }
}

function tablesOf(sql: string, keyOf: KeyOf): { reads: Set<string>; writes: Set<string> } {
  const [reads, writes] = [new Set<string>(), new Set<string>()]
  const parts = partsOf(sql)
  for (const range of parts?.reads ?? []) addTo(reads, keyOf(range))
  for (const { node } of parts?.modifications ?? []) {
    const { relation } = node as { relation?: Named }
    if (relation !== undefined) addTo(writes, keyOf(relation))
  }
  return { reads, writes }
}

/** Undefined for what is no SQL, and for what somebody nested deeper than our stack is. */
function partsOf(sql: string): QueryParts | undefined {
  try {
    const { tag, node } = parseStatement(sql)
    return node === undefined ? undefined : readQuery({ [tag]: node })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function addTo(keys: Set<string>, key: string | undefined): void {
  if (key !== undefined) keys.add(key)
}
