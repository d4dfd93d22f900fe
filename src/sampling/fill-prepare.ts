import { relationKey } from '../core/effects.ts'
import { FillPlan, sharesOf, type PlannedTable, type RealKeys } from './fill-plan.ts'
import { linkedColumns, links } from './fill-links.ts'
import { quoted } from './fill-sql.ts'
import { readPredicate } from '../replay/seed-checks.ts'
import type { SeedColumn, SeedType } from '../replay/seed-catalog.ts'
import { castable } from '../replay/seed-solve.ts'
import { isKnownType, seedValues } from '../replay/seed-values.ts'
import type { FillableTable, FillCatalog } from './fill-catalog.ts'
import { chooseGenerators, type KnownGenerators, type TargetChoice } from './fill-choose.ts'
import type { FillSession } from './fill-session.ts'
import { stylesOf } from './fill-styles.ts'
import { resolveType, type Style } from './fill-types.ts'
import type { FillTable } from './model.ts'

/** What is known before the first row is written. */
export interface PreparedFill {
  readonly catalog: FillCatalog
  readonly plan: FillPlan
  readonly unfilled: readonly { readonly table: string; readonly why: string }[]
}

const queryMs = 2000
/** Keys of a parent that keeps its real rows. */
const mostKeys = 200

/** Reads what rows there are, chooses what every column holds, and plans the keys. */
export async function prepareTables(
  session: FillSession,
  fresh: FillCatalog,
  requests: readonly FillTable[],
): Promise<PreparedFill> {
  const unfilled: { table: string; why: string }[] = []
  const wanted: { readonly table: FillableTable; readonly request: FillTable; readonly existing: number }[] =
    []
  for (const request of requests) {
    const skip = (why: string): void => void unfilled.push({ table: relationKey(request), why })
    const table = [...fresh.tables.values()].find(
      ({ schema, relation }) => schema === request.schema && relation === request.name,
    )
    if (table === undefined) skip('there is no such table')
    else if (table.targets.length === 0)
      skip(table.partitioned ? 'it has no partitions' : 'it cannot hold rows')
    else {
      const answer = await session.try(`select count(*) as rows from ${scopeOf(table)}`, queryMs)
      if (answer.refusal !== undefined) skip(answer.refusal.message)
      else wanted.push({ table, request, existing: Number(answer.rows[0]?.['rows'] ?? 0) })
    }
  }
  const tables = wanted.map(({ table }) => table)
  const catalog = { ...fresh, seed: { ...fresh.seed, types: await probedTypes(session, fresh, tables) } }
  const planned: PlannedTable[] = []
  for (const { table, request, existing } of wanted) {
    const rows = Math.max(0, Math.round(request.rows) - existing)
    const shares = sharesOf(table, rows)
    const choices = await chooseAll(session, catalog, { table, request, shares, existing })
    planned.push({ table, request, shares, choices, existing, rows })
  }
  const realKeys = await readRealKeys(session, catalog, planned)
  return { catalog, plan: new FillPlan(catalog, planned, realKeys), unfilled }
}

function scopeOf({ name, partitioned }: FillableTable): string {
  return partitioned ? name : `only ${name}`
}

/** Finds out by trying what the input functions of extensions' types take. */
async function probedTypes(
  session: FillSession,
  { seed }: FillCatalog,
  tables: readonly FillableTable[],
): Promise<ReadonlyMap<number, SeedType>> {
  const types = new Map(seed.types)
  const used = tables.flatMap(({ columns }) =>
    columns.map(({ type, typmod }) => resolveType(types, type, typmod)),
  )
  for (const base of used) {
    const type = base?.type
    if (type === undefined || isKnownType(type) || types.get(type.oid)?.formats !== undefined) continue
    const texts = seedValues(types, type.oid, -1, { row: 1, slot: 0, key: false })
    await session.client.query('begin')
    try {
      types.set(type.oid, { ...type, formats: await castable(session.client, type.sql, texts) })
    } finally {
      await session.client.query('rollback')
    }
  }
  return types
}

async function chooseAll(
  session: FillSession,
  catalog: FillCatalog,
  { table, request, shares, existing }: Omit<PlannedTable, 'choices' | 'rows'>,
): Promise<ReadonlyMap<number, TargetChoice>> {
  const numbers = table.columns
    .filter(({ type, typmod }) => resolveType(catalog.seed.types, type, typmod)?.type.category === 'N')
    .map(({ name }) => name)
  const bases = existing === 0 ? new Map<string, bigint>() : await highestNumbers(session, table, numbers)
  const styleOf = stylesOf(catalog, table, request, bases)
  const all = shares.reduce((sum, { rows }) => sum + rows, 0)
  const choices = new Map<number, TargetChoice>()
  const known: KnownGenerators = new Map()
  for (const { target, rows } of shares) {
    // What the bounds decide about counts from the partition's first row on.
    const bound = new Set(target.bound === null ? [] : readPredicate(target.bound)?.columns)
    const style = (column: SeedColumn): Style => styleOf(column, bound.has(column.name) ? rows : all)
    choices.set(target.oid, await chooseGenerators(session, catalog.seed, target, style, known))
  }
  return choices
}

/** The highest number in each of these columns, so that what is new comes after it. */
export async function highestNumbers(
  session: FillSession,
  table: FillableTable,
  names: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const found = new Map<string, bigint>()
  for (const name of names) {
    const sql = `select coalesce(max(${quoted(name)}), 0)::numeric(30,0)::text as highest from ${scopeOf(table)}`
    const answer = await session.try(sql, queryMs)
    if (answer.refusal !== undefined) continue
    const text = String(answer.rows[0]?.['highest'] ?? '')
    if (/^[1-9]\d*$/.test(text)) found.set(name, BigInt(text))
  }
  return found
}

/** Keys of parents that are not filled, or keep the rows that they have. */
async function readRealKeys(
  session: FillSession,
  catalog: FillCatalog,
  planned: readonly PlannedTable[],
): Promise<ReadonlyMap<number, RealKeys>> {
  const keys = new Map<number, RealKeys>()
  const parents = new Set(planned.flatMap(({ table }) => links(catalog, table)).map(({ key }) => key.parent))
  for (const oid of parents) {
    const table = catalog.tables.get(oid)
    const found = table && (await readKeys(session, table, linkedColumns(catalog, table)))
    if (found !== undefined) keys.set(oid, found)
  }
  return keys
}

/** Keys of rows that a table has, by column; undefined when it has none. */
export async function readKeys(
  session: FillSession,
  table: FillableTable,
  names: readonly string[],
): Promise<RealKeys | undefined> {
  if (names.length === 0) return undefined
  const list = names.map((name, at) => `${quoted(name)}::text as k${at}`).join(', ')
  const present = names.map((name) => `${quoted(name)} is not null`).join(' and ')
  const answer = await session.try(
    `select ${list} from ${scopeOf(table)} where ${present} limit ${mostKeys}`,
    queryMs,
  )
  if (answer.refusal !== undefined || answer.rows.length === 0) return undefined
  return new Map(names.map((name, at) => [name, answer.rows.map((row) => String(row[`k${at}`]))]))
}
