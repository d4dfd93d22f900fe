/**
 * The logical fingerprint of a database's schema: what an application can tell apart.
 *
 * Two databases that got to the same schema in different ways (columns in another order, objects with other ids,
 * statistics, an acl that was granted and revoked again) have the same fingerprint; a different default, grant,
 * comment or trigger state gives another one. What is left out is listed in `postgres/catalog.ts`.
 */
import { createHash } from 'node:crypto'
import type { Client, QueryResult } from 'pg'
import { pinSearchPath, restoreSearchPath, schemaQueries } from '../postgres/catalog.ts'

/** What an object is like: a word or an expression per fact, or a list (sorted where its order means nothing). */
export type SchemaFacts = Readonly<Record<string, string | readonly string[]>>

/** One object of the schema. `kind` and `identity` together are unique. */
export interface SchemaObject {
  /** e.g. `table`, `column`, `index`, `constraint`, `function`, `policy` */
  readonly kind: string
  /** Qualified and quoted where needed, e.g. `public.orders.total` for a column. */
  readonly identity: string
  readonly facts: SchemaFacts
}

/** Everything the fingerprint is made of, ordered by kind and identity. Plain data that survives JSON. */
export interface SchemaSnapshot {
  readonly objects: readonly SchemaObject[]
}

/** How one object differs. */
export type SchemaChange =
  | { readonly type: 'added'; readonly object: SchemaObject }
  | { readonly type: 'removed'; readonly object: SchemaObject }
  | {
      readonly type: 'changed'
      readonly before: SchemaObject
      readonly after: SchemaObject
      /** Names of the facts that differ, sorted. */
      readonly facts: readonly string[]
    }

/** What must happen to `before` to become `after`. */
export interface SchemaDifference {
  readonly equal: boolean
  readonly changes: readonly SchemaChange[]
}

/**
 * Reads the schema of the database the client is connected to, in one round trip (and one for the version).
 *
 * Works outside and inside a transaction block, where it sees what the transaction itself did and leaves
 * search_path as it was. Any role may ask; only subscriptions need pg_monitor-like rights and none of their secrets are
 * read. Deparsing a view waits for whoever holds AccessExclusiveLock on its tables.
 */
export async function readSchema(client: Client): Promise<SchemaSnapshot> {
  const version = await client.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  )
  const queries = schemaQueries(version.rows[0]?.major ?? 0)
  const answer = await client.query([pinSearchPath, ...queries, restoreSearchPath].join(';\n'))
  // A simple Query of several statements gives one result per statement, which @types/pg does not know.
  const results = answer as unknown as readonly QueryResult<Record<string, CatalogValue>>[]
  const objects = results.slice(1, -1).flatMap((result) => result.rows.map(schemaObject))
  return { objects: objects.toSorted(byKindAndIdentity) }
}

/** A hash (SHA-256, hex) that is equal exactly when {@link diffSchema} finds nothing. */
export function fingerprint(snapshot: SchemaSnapshot): string {
  const canonical = snapshot.objects.map(({ kind, identity, facts }) => [
    kind,
    identity,
    sortedEntries(facts),
  ])
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex')
}

/** Compares two snapshots object by object; the changes are ordered by kind and identity. */
export function diffSchema(before: SchemaSnapshot, after: SchemaSnapshot): SchemaDifference {
  const old = new Map(before.objects.map((object) => [key(object), object]))
  const current = new Map(after.objects.map((object) => [key(object), object]))
  const changes: { change: SchemaChange; object: SchemaObject }[] = []
  for (const [id, object] of old) {
    if (!current.has(id)) changes.push({ change: { type: 'removed', object }, object })
  }
  for (const [id, object] of current) {
    const previous = old.get(id)
    if (previous === undefined) changes.push({ change: { type: 'added', object }, object })
    else {
      const facts = differingFacts(previous.facts, object.facts)
      if (facts.length > 0)
        changes.push({ change: { type: 'changed', before: previous, after: object, facts }, object })
    }
  }
  changes.sort((a, b) => byKindAndIdentity(a.object, b.object))
  return { equal: changes.length === 0, changes: changes.map(({ change }) => change) }
}

type CatalogValue = string | readonly string[] | null

function schemaObject(row: Readonly<Record<string, CatalogValue>>): SchemaObject {
  const { kind, identity, ...rest } = row
  const facts: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(rest)) {
    if (value !== null) facts[name] = value
  }
  return { kind: String(kind), identity: String(identity), facts }
}

/** Kinds in the order in which a reader wants them; others follow by name. */
const kindOrder = [
  'extension',
  'schema',
  'enum',
  'domain',
  'composite type',
  'table',
  'partitioned table',
  'foreign table',
  'column',
  'constraint',
  'index',
  'view',
  'materialized view',
  'sequence',
  'function',
  'procedure',
  'trigger',
  'policy',
]

function byKindAndIdentity(a: SchemaObject, b: SchemaObject): number {
  return kindRank(a.kind) - kindRank(b.kind) || compare(a.kind, b.kind) || compare(a.identity, b.identity)
}

function kindRank(kind: string): number {
  const rank = kindOrder.indexOf(kind)
  return rank === -1 ? kindOrder.length : rank
}

/** By code unit: the machine's locale must not change a fingerprint. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function key({ kind, identity }: SchemaObject): string {
  return `${kind} ${identity}`
}

function sortedEntries(facts: SchemaFacts): readonly (readonly [string, string | readonly string[]])[] {
  return Object.entries(facts).toSorted(([a], [b]) => compare(a, b))
}

function differingFacts(before: SchemaFacts, after: SchemaFacts): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .toSorted(compare)
}
