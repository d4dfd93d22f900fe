/** The schema as queries see it: what rules ask about tables, columns and indexes. */
import type { Relation } from './effect-model.ts'

export interface QueryColumn {
  readonly name: string
  /** As format_type() prints it. */
  readonly type: string
  readonly notNull: boolean
}

export interface QueryIndex {
  readonly name: string
  /** `btree`, `gin`, … */
  readonly method: string
  readonly unique: boolean
  readonly keys: readonly {
    readonly column?: string
    /** Of an expression, as pg_get_indexdef() prints it. */
    readonly expression?: string
    readonly operatorClass?: string
  }[]
  readonly predicate?: string
}

/** A relation as queries see it. */
export interface QueryTable {
  readonly schema: string
  readonly name: string
  readonly kind: Relation['kind']
  readonly columns: readonly QueryColumn[]
  /** Valid ones. */
  readonly indexes: readonly QueryIndex[]
  /** In production; absent: not known. */
  readonly rows?: number
}

export interface QueryCatalog {
  readonly tables: readonly QueryTable[]
  /** Where names without a schema are looked for. */
  readonly searchPath: readonly string[]
}

/** The table that a name means; undefined when there is none. */
export function tableNamed(
  { tables, searchPath }: QueryCatalog,
  schema: string | undefined,
  name: string,
): QueryTable | undefined {
  const index = indexes.get(tables) ?? indexTables(tables)
  const schemas = schema === undefined ? searchPath : [schema]
  for (const one of schemas) {
    const found = index.get(`${one}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

// there may be tens of thousands of tables, and every rule asks for every query
const indexes = new WeakMap<readonly QueryTable[], ReadonlyMap<string, QueryTable>>()

function indexTables(tables: readonly QueryTable[]): ReadonlyMap<string, QueryTable> {
  const index = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
  indexes.set(tables, index)
  return index
}
