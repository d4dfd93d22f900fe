import {
  defineRule,
  displayName,
  fixedColumns,
  isOneRow,
  isSkipLocked,
  levelsOf,
  nodeIn,
  selectOf,
  sourceTable,
  type ExpressionNode,
  type QueryCatalog,
  type QueryLevel,
  type QueryTable,
} from '../../src/rule.ts'

/** Columns that say whether somebody is at work on the row, or has been. */
const stateColumn =
  /^(?:status|state|(?:locked|claimed|reserved|taken|processed|started|finished|completed|sent|picked|published|delivered|handled|run|scheduled|available|published|dispatched)_(?:at|by|on|until)|worker_id|lock_token|processed|sent|published|done|is_processed|is_sent)$/

/** Columns that part a queue into queues; they do not bring it to few rows. */
const queueColumn = /^(?:queue|queue_name|topic|channel|kind|type|job_type|event_type|priority)$/

export default defineRule({
  id: 'require-skip-locked',
  title: 'Require SKIP LOCKED where workers take rows from a queue',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    inLine: ({ table }: { table: string }) =>
      `Workers wait for each other and do one job at a time, because each wants to lock the same first rows of ${table}.`,
    locksAll: ({ table }: { table: string }) =>
      `The first worker locks every open row of ${table}, and all others wait until it has committed.`,
  },
  query(context) {
    for (const level of levelsOf(context)) {
      const table = queueOf(context.catalog, level)
      if (table === undefined) continue
      const name = displayName(table)
      const isLimited = selectOf(level)?.limitCount !== undefined
      context.report(isLimited ? 'inLine' : 'locksAll', { table: name }, { on: name, remedy })
    }
  },
})

const remedy = {
  summary:
    'Let each worker take free rows: … ORDER BY … LIMIT 10 FOR UPDATE SKIP LOCKED. NOWAIT fails at once instead.',
  migrations: [],
}

/** The table of a sorted SELECT … FOR UPDATE that is filtered by nothing but its state. */
function queueOf(catalog: QueryCatalog, level: QueryLevel): QueryTable | undefined {
  const select = selectOf(level)
  const [source] = level.sources
  if (select?.sortClause === undefined || source === undefined || !waitsForRows(select.lockingClause))
    return undefined
  if (isSkipLocked(select) || isOneRow(catalog, level, source)) return undefined
  const fixed = fixedColumns(catalog, level, source)
  const isQueue = fixed.some((column) => stateColumn.test(column))
  // the rows of one user or order, locked in order: that is against deadlocks
  const isPart = fixed.some((column) => !stateColumn.test(column) && !queueColumn.test(column))
  return isQueue && !isPart ? sourceTable(catalog, source) : undefined
}

/** FOR UPDATE or FOR NO KEY UPDATE, without NOWAIT. */
function waitsForRows(clauses: readonly ExpressionNode[] | undefined): boolean {
  return (clauses ?? []).some((clause) => {
    const { strength, waitPolicy } = nodeIn(clause, 'LockingClause') ?? {}
    const excludes = strength === 'LCS_FORUPDATE' || strength === 'LCS_FORNOKEYUPDATE'
    return excludes && waitPolicy !== 'LockWaitError'
  })
}
