/** Tables before and after, told apart from those that have taken their names. */
import type { CatalogTable, SchemaCatalogs } from '../core/model.ts'
import { fullNameOf } from '../core/schema-changes.ts'
import type { SchemaObject, SchemaSnapshot } from '../replay/fingerprint.ts'
import { quoteIdent } from '../sql/quote.ts'
import { nameParts, plainName } from './names.ts'

/** A table of before, and the one that has its name afterwards, else itself under another name. */
export interface TablePair {
  readonly before: CatalogTable
  readonly after: CatalogTable
  /** The one afterwards was made in the place of the other. */
  readonly isMadeAnew: boolean
}

export class Tables {
  private readonly pairs = new Map<string, TablePair>()
  private readonly names = new Map<string, string>()

  constructor({ before, after }: SchemaCatalogs) {
    const byName = new Map(after.tables.map((table) => [fullNameOf(table), table]))
    const byId = new Map(after.tables.map((table) => [table.id, table]))
    for (const table of before.tables) {
      const old = fullNameOf(table)
      const found = byName.get(old) ?? byId.get(table.id)
      if (found === undefined) continue
      this.names.set(old, fullNameOf(found))
      this.pairs.set(fullNameOf(found), { before: table, after: found, isMadeAnew: found.id !== table.id })
    }
  }

  /** By the name that it has afterwards, `schema.name`; undefined: there is none, or the review made it. */
  of(name: string): TablePair | undefined {
    return this.pairs.get(name)
  }

  /** What a table of before is called now, `schema.name`; undefined: it is gone. */
  nameNow(before: string): string | undefined {
    return this.names.get(before)
  }

  /** Was the column made anew, in the same table? */
  isNewColumn(name: string, column: string): boolean {
    const pair = this.of(name)
    if (pair === undefined || pair.isMadeAnew) return false
    const [was, is] = [pair.before, pair.after].map(({ columns }) =>
      columns.find((one) => one.name === column),
    )
    return was !== undefined && is !== undefined && was.number !== is.number
  }

  /** The schema before, in which tables and columns that were renamed have their new names. */
  underNewNames({ objects }: SchemaSnapshot): SchemaSnapshot {
    return { objects: objects.map((object) => this.renamed(object)) }
  }

  private renamed(object: SchemaObject): SchemaObject {
    const [schema, name, part] = nameParts(object.identity)
    if (schema === undefined || name === undefined || !isAboutTable(object.kind)) return object
    const now = this.names.get(`${schema}.${name}`)
    const pair = now === undefined ? undefined : this.of(now)
    if (pair === undefined) return object
    const table = `${quoteIdent(pair.after.schema)}.${quoteIdent(pair.after.name)}`
    if (part === undefined) return { ...object, identity: table }
    const column = object.kind === 'column' ? newColumnName(pair, part) : part
    return { ...object, identity: `${table}.${quoteIdent(column)}` }
  }
}

/** A column keeps its number; undefined names stay: what has the name now is what counts. */
function newColumnName({ before, after, isMadeAnew }: TablePair, name: string): string {
  if (isMadeAnew || after.columns.some((column) => column.name === name)) return name
  const number = before.columns.find((column) => column.name === name)?.number
  return after.columns.find((column) => column.number === number)?.name ?? name
}

const tableKinds: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'foreign table',
  'view',
  'materialized view',
])
const partKinds: ReadonlySet<string> = new Set(['column', 'constraint', 'trigger', 'rule', 'policy'])

export function isTableKind(kind: string): boolean {
  return tableKinds.has(kind)
}

/** Is its name that of a table, with a part of its own behind it? */
export function isPartKind(kind: string): boolean {
  return partKinds.has(kind)
}

function isAboutTable(kind: string): boolean {
  return tableKinds.has(kind) || partKinds.has(kind)
}

/** `schema.name` of the table that an object is, or hangs on; undefined: it stands for itself. */
export function tableOf({ kind, identity, facts }: SchemaObject): string | undefined {
  if (isAboutTable(kind)) return plainName(identity)
  const { table } = facts
  if (typeof table !== 'string') return undefined
  return plainName(table.replace(/^on /, ''))
}
