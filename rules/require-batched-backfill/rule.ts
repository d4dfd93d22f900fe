import {
  batchStep,
  batchedStatement,
  blockingLocks,
  defineRule,
  displayName,
  existingScans,
  existingTableLocks,
  isOpaque,
  isWord,
  locksHeldBefore,
  relationKey,
  tokenize,
  unboundedWrites,
  type Messages,
  type StatementContext,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-batched-backfill',
  title: 'Require batches for changes to a whole table',
  severity: 'warning',
  since: '0.1.0',
  harm: 'work',
  messages: {
    everyRow: ({ work, table }: { work: string; table: string }) =>
      `${work} every row of ${table} in one statement keeps all of them locked until it commits, and leaves a dead copy of each.`,
    matchingRows: ({ work, table }: { work: string; table: string }) =>
      `${work} the matching rows of ${table} in one statement, however many there are, keeps all of them locked until it commits.`,
    locksRows: ({ table }: { table: string }) =>
      `Every row of ${table} stays locked until this transaction commits: changes to any of them wait.`,
  },
  statement(context) {
    reportRowLocks(context)
    const { statement, effects, transaction, schema, report } = context
    const write = unboundedWrites(effects).find(({ command }) => command !== 'INSERT' && command !== 'COPY')
    if (write === undefined) return
    // code that commits as it goes is how batches are written; under a lock, avoid-slow-work-under-lock speaks
    if (isOpaque(statement) && (statement.tag === 'CallStmt' || commits(statement.sql))) return
    if (blockingLocks(effects).length > 0 || locksHeldBefore(transaction, context).length > 0) return
    const batched = batchedStatement(statement, write.relation, schema)
    report(
      write.reach === 'all rows' ? 'everyRow' : 'matchingRows',
      { work: work[write.command], table: displayName(write.relation) },
      {
        on: write.relation,
        because: [write],
        // how far code reaches is known only from a rehearsal with few rows
        ...(isOpaque(statement) ? { severity: 'info' } : {}),
        remedy: {
          summary:
            batched === undefined
              ? 'Decide how a row shows that it is done (a column that is NULL until then, a table of done keys), and do it in batches that commit one by one, outside a transaction; without such a mark a batch that is run again changes rows twice.'
              : 'Do it in batches that commit one by one, outside a transaction: a few thousand rows are locked at a time, and vacuum can follow.',
          migrations: batched === undefined ? [] : [batchStep(batched)],
        },
      },
    )
  },
})

/** SELECT … FOR UPDATE of a whole table; it writes to each row that it locks (heap_lock_tuple(), heapam.c). */
function reportRowLocks({
  statement: { tag, node },
  effects,
  report,
}: Pick<StatementContext<Messages>, 'statement' | 'effects' | 'report'>): void {
  if (tag !== 'SelectStmt' || node?.['lockingClause'] === undefined) return
  const locks = existingTableLocks(effects).filter(({ mode }) => mode === 'RowShareLock')
  const scan = existingScans(effects, 'read').find(({ relation }) =>
    locks.some((lock) => relationKey(lock.relation) === relationKey(relation)),
  )
  if (scan === undefined) return
  report(
    'locksRows',
    { table: displayName(scan.relation) },
    {
      on: scan.relation,
      because: [...locks, scan],
      remedy: {
        summary:
          'Lock only the rows that the migration changes, in batches that commit one by one; to keep all writes out for a moment, LOCK TABLE in SHARE ROW EXCLUSIVE MODE reads no row.',
        migrations: [],
      },
    },
  )
}

const work = {
  INSERT: 'Inserting',
  UPDATE: 'Updating',
  DELETE: 'Deleting',
  MERGE: 'Merging',
  COPY: 'Copying',
} as const

function commits(sql: string): boolean {
  const body = sql.match(/\$([^$]*)\$([\s\S]*)\$\1\$/)?.[2] ?? sql
  return tokenize(body).some((token) => isWord(token, 'COMMIT'))
}
