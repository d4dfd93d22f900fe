import type { Range } from '../core/cost-model.ts'
import type { Statement } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import { sizesOf } from '../cost/sizes.ts'
import { structuralCost } from '../cost/structure.ts'
import type { PlannedTable } from './planning-copy.ts'

const nowhere = { line: 1, column: 1, offset: 0 }

/** What decides how its cost is counted: its tag. */
const statement: Statement = {
  sql: 'CREATE INDEX CONCURRENTLY',
  span: { file: '', start: nowhere, end: nowhere },
  tag: 'IndexStmt',
  node: undefined,
  index: 0,
  transaction: 0,
  inTransactionBlock: false,
}

/**
 * Milliseconds to build an index concurrently, by sizes alone; undefined where the table's size is not known. It is built,
 * and then the table is read once more (validate_index(), index.c).
 */
export function buildTime(
  method: string,
  { schema, name, kind }: PlannedTable,
  production: Production,
): Range | undefined {
  const table = `${schema}.${name}`
  const size = sizesOf(production).get(table)
  if (size === undefined) return undefined
  const relation = { schema, name, kind }
  const parts = [{ kind: 'index build', relation, method } as const, { kind: 'scan', relation } as const]
  const driver = { table, kind: 'index build', parts, size, roots: [] } as const
  const drivers = { main: [driver], others: [], undecided: false }
  return structuralCost(drivers, { statement }, production, undefined).durationMs
}
