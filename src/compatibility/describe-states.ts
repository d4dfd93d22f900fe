import type { WireField } from '../replay/wire.ts'
import { copyFields, omittedColumn } from './required-columns.ts'
import type { QueryShape } from './query-shape.ts'
import type { QueryState, StateColumn } from './query-state.ts'
import { decodeTableFacts, tableFactsSql, type ColumnFact, type TableFacts } from './table-facts.ts'
import type { SendEach, Tried } from './trial.ts'

/** Puts the catalogue's names to what Postgres answered. */
export async function describeStates(
  tried: readonly Tried[],
  send: SendEach,
): Promise<ReadonlyMap<QueryShape, QueryState>> {
  const accepted = tried.filter(({ error, unchecked }) => error === undefined && unchecked === undefined)
  const facts = new Facts(
    await readTables([...new Set(accepted.flatMap(({ shape }) => shape.relations))], send),
    await readTypes(
      accepted.flatMap(({ description }) => description?.fields ?? []),
      send,
    ),
  )
  return new Map(tried.map((one) => [one.shape, stateOf(one, facts)]))
}

function stateOf({ shape, description, error, unchecked }: Tried, facts: Facts): QueryState {
  if (unchecked !== undefined) return { unchecked }
  if (error !== undefined) {
    const { code, message, hint } = error
    if (notOurAnswer.test(code))
      return { unchecked: `Postgres could not try it: ${message} (SQLSTATE ${code}).` }
    return {
      refusal: {
        sqlstate: code,
        message,
        evidence: shape.isSurrogate ? 'derived' : 'measured',
        ...(hint === undefined ? {} : { hint }),
      },
    }
  }
  if (shape.probe === undefined && !shape.isInert) return { unchecked: notPrepared }
  const { refusal, unfilled } = omittedColumn(shape.inserts, facts.tables)
  if (refusal !== undefined) return { refusal }
  const fields = copyFields(shape.inserts, facts.tables)
  return {
    columns: shape.isSurrogate ? [] : (description?.fields ?? []).map((field) => facts.column(field, shape)),
    tables: shape.relations.flatMap((name) => facts.tables.get(name) ?? []),
    ...(unfilled === undefined ? {} : { unfilled }),
    ...(fields === undefined ? {} : { copyFields: fields }),
  }
}

/** Deadlocks, resources, locks, cancelling, crashes, internal errors: they say nothing about the query. */
const notOurAnswer = /^(?:08|40|53|55P03|57|58|XX)/

const notPrepared = 'Postgres does not look into a statement of this kind before it runs it.'

class Facts {
  readonly tables: ReadonlyMap<string, TableFacts>
  private readonly origins: ReadonlyMap<string, { readonly table: TableFacts; readonly column: ColumnFact }>
  private readonly types: ReadonlyMap<string, string>

  constructor(tables: ReadonlyMap<string, TableFacts>, types: ReadonlyMap<string, string>) {
    this.tables = tables
    this.types = types
    this.origins = new Map(
      [...tables.values()].flatMap((table) =>
        table.columns.map((column) => [`${table.oid}.${column.number}`, { table, column }] as const),
      ),
    )
  }

  column(field: WireField, shape: QueryShape): StateColumn {
    const origin = field.tableID === 0 ? undefined : `${field.tableID}.${field.columnID}`
    const known = origin === undefined ? undefined : this.origins.get(origin)
    const type = this.types.get(typeKey(field)) ?? String(field.dataTypeID)
    if (origin === undefined || known === undefined) {
      const exactType = `${typeKey(field)}${this.collationOf(field, shape)}`
      return { name: field.name, type, exactType, ...(origin === undefined ? {} : { origin }) }
    }
    const { table, column } = known
    // of a view's column nothing is known
    const nullable = shape.mayAddNulls || !/^[rpf]$/.test(table.kind) ? undefined : !column.notNull
    return {
      name: field.name,
      type,
      exactType: column.exactType,
      origin,
      from: `${table.schema}.${table.name}.${column.name}`,
      ...(nullable === undefined ? {} : { nullable }),
    }
  }

  /**
   * Of an expression: the protocol does not tell it, but it comes from the columns within. Text, char and varchar only,
   * other types have none.
   */
  private collationOf({ dataTypeID }: WireField, { relations, columns }: QueryShape): string {
    if (!strings.has(dataTypeID)) return ''
    const within = relations.flatMap((name) => this.tables.get(name)?.columns ?? [])
    const collations = within
      .filter(({ name }) => columns.has(name))
      .map(({ exactType }) => exactType.split('/')[2] ?? '')
    const others = collations.filter((one) => !usual.has(one))
    return [...new Set(others)].toSorted((a, b) => Number(a) - Number(b)).join('+')
  }
}

/** None, and that of the database (pg_collation.dat). */
const usual: ReadonlySet<string> = new Set(['0', '100'])

const strings: ReadonlySet<number> = new Set([25, 1042, 1043])

function typeKey({ dataTypeID, dataTypeModifier }: WireField): string {
  return `${dataTypeID}/${dataTypeModifier}`
}

async function readTables(
  names: readonly string[],
  send: SendEach,
): Promise<ReadonlyMap<string, TableFacts>> {
  if (names.length === 0) return new Map()
  const [result] = await send([{ sql: tableFactsSql(names) }])
  return decodeTableFacts(result?.rows ?? [])
}

/** As format_type() prints them. */
async function readTypes(fields: readonly WireField[], send: SendEach): Promise<ReadonlyMap<string, string>> {
  const pairs = [...new Map(fields.map((field) => [typeKey(field), field])).values()]
  if (pairs.length === 0) return new Map()
  const values = pairs.map(({ dataTypeID, dataTypeModifier }) => `(${dataTypeID}, ${dataTypeModifier})`)
  const [result] = await send([
    {
      sql: `select u.type, u.modifier, pg_catalog.format_type(u.type::oid, u.modifier) from (values ${values.join(', ')}) u(type, modifier)`,
    },
  ])
  return new Map(result?.rows.map(([type, modifier, text]) => [`${type}/${modifier}`, text ?? '']))
}
