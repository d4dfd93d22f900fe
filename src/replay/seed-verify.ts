import { escapeIdentifier, type Client } from 'pg'
import type { SeedForeignKey, SeedTable } from './seed-catalog.ts'
import { attempt } from './seed-solve.ts'

/** A seeded table that lost rows, and why. */
export interface Repair {
  readonly table: SeedTable
  readonly why: string
  readonly deleted: number
}

/**
 * Looks for what replica mode does not check: foreign keys, and keys that are DEFERRABLE (a trigger checks those).
 * A row that refers to nothing loses the reference where it may be NULL and goes otherwise; repeated until
 * nothing is left to mend, because every row that goes may leave children behind.
 */
export async function verifySeeds(client: Client, tables: readonly SeedTable[]): Promise<readonly Repair[]> {
  const repairs: Repair[] = []
  for (const table of tables) repairs.push(...(await removeDuplicates(client, table)))
  const references = tables.flatMap((table) => table.foreignKeys.map((foreignKey) => ({ table, foreignKey })))
  for (let changed = true; changed;) {
    changed = false
    for (const { table, foreignKey } of await brokenReferences(client, references)) {
      const deleted = await mend(client, table, foreignKey)
      if (deleted === 0) continue
      changed = true
      const why = `its foreign key ${foreignKey.name} needs a row of ${foreignKey.parentName} that could not be made`
      repairs.push({ table, why, deleted })
    }
  }
  return repairs
}

interface Reference {
  readonly table: SeedTable
  readonly foreignKey: SeedForeignKey
}

/** Foreign keys to look at with one query. */
const batchSize = 100

async function brokenReferences(
  client: Client,
  references: readonly Reference[],
): Promise<readonly Reference[]> {
  const broken: Reference[] = []
  for (let at = 0; at < references.length; at += batchSize) {
    const batch = references.slice(at, at + batchSize)
    const list = batch.map(
      ({ table, foreignKey }) =>
        `exists (select from ${table.name} child where ${brokenSql(table, foreignKey)})`,
    )
    const { rows } = await client.query<{ broken: readonly boolean[] }>(
      `select array[${list.join(', ')}] as broken`,
    )
    broken.push(...batch.filter((_, index) => rows[0]?.broken[index] === true))
  }
  return broken
}

/** Returns the number of rows deleted. */
async function mend(client: Client, table: SeedTable, foreignKey: SeedForeignKey): Promise<number> {
  const broken = brokenSql(table, foreignKey)
  const nullable = columnsOf(table, foreignKey.columns).filter(({ notNull }) => !notNull)
  // MATCH FULL wants all or none.
  if (nullable.length > 0 && (!foreignKey.matchFull || nullable.length === foreignKey.columns.length)) {
    const assignments = nullable.map(({ name }) => `${escapeIdentifier(name)} = null`).join(', ')
    const update = `update ${table.name} child set ${assignments} where ${broken}`
    if ((await attempt(client, update)) !== undefined) return 0
  }
  const { rowCount } = await client.query(`delete from ${table.name} child where ${broken}`)
  return rowCount ?? 0
}

/** True for rows that refer to something that is not there; NULL in a column means no reference (MATCH SIMPLE). */
function brokenSql(table: SeedTable, foreignKey: SeedForeignKey): string {
  const columns = columnsOf(table, foreignKey.columns).map(({ name }) => `child.${escapeIdentifier(name)}`)
  const parents = foreignKey.parentNames.map((name) => `parent.${escapeIdentifier(name)}`)
  const equal = columns.map((column, index) =>
    foreignKey.period && index === columns.length - 1
      ? `${parents[index]} @> ${column}`
      : `${parents[index]} = ${column}`,
  )
  const parent = `${foreignKey.parentOnly ? 'only ' : ''}${foreignKey.parentName}`
  const present = columns.map((column) => `${column} is not null`).join(' and ')
  const half = `(${columns.map((column) => `${column} is not null`).join(' or ')}) and not (${present})`
  const missing = `${present} and not exists (select from ${parent} parent where ${equal.join(' and ')})`
  return foreignKey.matchFull ? `((${missing}) or (${half}))` : missing
}

function columnsOf(table: SeedTable, numbers: readonly number[]): SeedTable['columns'] {
  return numbers.flatMap((number) => table.columns.filter((column) => column.number === number))
}

/** Keeps one row per value of a deferrable key, and one row under a deferrable exclusion constraint. */
async function removeDuplicates(client: Client, table: SeedTable): Promise<readonly Repair[]> {
  const repairs: Repair[] = []
  for (const target of table.targets) {
    for (const key of target.keys.filter(({ deferrable }) => deferrable)) {
      const columns = target.columns.filter(({ number }) => key.columns.includes(number))
      const same = key.exclusion
        ? 'true'
        : columns.map(({ name }) => `a.${escapeIdentifier(name)} = b.${escapeIdentifier(name)}`).join(' and ')
      const { rowCount } = await client.query(
        `delete from only ${target.name} a using only ${target.name} b where ${same === '' ? 'true' : same} and a.ctid > b.ctid`,
      )
      if ((rowCount ?? 0) > 0)
        repairs.push({ table, why: 'a deferrable constraint allows one row only', deleted: rowCount ?? 0 })
    }
  }
  return repairs
}
