import { escapeIdentifier, type Client } from 'pg'
import type { Query } from '../core/query-model.ts'
import type { Explainer } from './explainer.ts'
import type { SizedSide } from './figures-after.ts'
import type { CatalogIndex } from './side-catalog.ts'

const validSql = 'update pg_index set indisvalid = $2 where indexrelid = any($1::oid[])'

/** Partial indexes that production does not have, or whose size nobody knows: the planner says how many rows they hold. */
export function uncountedIndexes({ catalog, figures }: SizedSide): readonly CatalogIndex[] {
  return [...catalog.indexes.values()].filter(
    ({ oid, predicate, isPartitioned }) =>
      predicate !== null && !isPartitioned && figures.indexes.get(oid)?.isEstimated === true,
  )
}

/**
 * How many rows of its table the planner expects in each of these indexes, by OID. None of them is valid meanwhile, so
 * that nobody reads pages that are to be written; without an answer where Postgres gives none.
 */
export async function partialRows(
  admin: Client,
  { catalog }: Pick<SizedSide, 'catalog'>,
  indexes: readonly CatalogIndex[],
  explainer: Pick<Explainer, 'explain'>,
): Promise<ReadonlyMap<number, number>> {
  const rows = new Map<number, number>()
  if (indexes.length === 0) return rows
  const oids = indexes.map(({ oid }) => oid)
  await admin.query(validSql, [oids, false])
  for (const { oid, table, predicate } of indexes) {
    const owner = catalog.tables.get(table)
    if (owner === undefined) continue
    const plan = await explainer.explain(
      selection([owner.schema, owner.name].map(escapeIdentifier).join('.'), predicate ?? 'true'),
    )
    if (!('error' in plan)) rows.set(oid, plan.root['Plan Rows'])
  }
  await admin.query(validSql, [oids, true])
  return rows
}

function selection(table: string, condition: string): Query {
  const sql = `select from only ${table} where ${condition}`
  return {
    name: table,
    style: 'plain SQL',
    text: sql,
    sql,
    parameters: [],
    tag: 'SelectStmt',
    node: undefined,
  }
}
