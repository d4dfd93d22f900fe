import type { FillCatalog } from './fill-catalog.ts'
import { links } from './fill-links.ts'
import type { PlannedTable } from './fill-plan.ts'
import { quoted } from './fill-sql.ts'
import type { FillSession } from './fill-session.ts'

const verifyMs = 2000
/** Rows of a child that are looked up. */
const sampledRows = 5000

/** Foreign keys of a filled table that its rows break, among those looked at. */
export async function brokenReferences(
  session: FillSession,
  catalog: FillCatalog,
  planned: PlannedTable,
): Promise<readonly string[]> {
  const broken: string[] = []
  for (const { key, columns, parentColumns } of links(catalog, planned.table)) {
    // The period of a temporal key is contained, not equal: the rest of the key tells.
    const pairs = columns.map((column, at) => ({ column, parent: parentColumns[at] ?? '' }))
    const compared = key.period ? pairs.slice(0, -1) : pairs
    const present = pairs.map(({ column }) => `c.${quoted(column)} is not null`).join(' and ')
    const equal = compared
      .map(({ column, parent }) => `p.${quoted(parent)} = c.${quoted(column)}`)
      .join(' and ')
    const percent = Math.min(100, (sampledRows / Math.max(1, planned.rows)) * 100)
    const only = key.parentOnly ? 'only ' : ''
    const sql = `select exists (select from ${planned.table.name} c tablesample bernoulli (${percent.toFixed(4)})
      where ${present} and not exists (select from ${only}${key.parentName} p where ${equal || 'true'})) as broken`
    const answer = await session.try(sql, verifyMs)
    // What cannot be looked at is not vouched for.
    if (answer.refusal !== undefined || answer.rows[0]?.['broken'] === true) broken.push(key.name)
  }
  return broken
}

/** CHECKs that rows break although they were not meant to: their table was filled while all of its CHECKs were off. */
export async function brokenChecks(
  session: FillSession,
  { table, shares }: PlannedTable,
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  const broken: string[] = []
  for (const { target } of shares) {
    for (const { name, expression } of target.checks) {
      if (known.has(name) || broken.includes(name)) continue
      const sql = `select exists (select from (select * from only ${table.partitioned ? target.name : table.name} limit ${sampledRows}) ${quoted(target.relation)}
        where (${expression}) is false) as broken`
      const answer = await session.try(sql, verifyMs)
      if (answer.refusal !== undefined || answer.rows[0]?.['broken'] === true) broken.push(name)
    }
  }
  return broken
}
