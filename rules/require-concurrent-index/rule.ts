import {
  catalogEffects,
  createIndexSql,
  defineRule,
  displayName,
  enumerate,
  everyQueryOn,
  existingRewrites,
  existingScans,
  isOpaque,
  lockNamed,
  lockOn,
  locksDuring,
  locksOn,
  nameAll,
  nodeOf,
  partitionedIndexSteps,
  reindexConcurrentlySql,
  relationKey,
  scansUnder,
  stepOutsideTransaction,
  uniqueIndexPreflights,
  type Relation,
  type Remedy,
  type ScanEffect,
  type StatementContext,
} from '../../src/rule.ts'

const messages = {
  blocksWrites: ({ index, queries }: { index: string; queries: string }) =>
    `Building ${index} blocks ${queries} until it is done.`,
  reindexBlocks: ({ indexes, table }: { indexes: string; table: string }) =>
    `Rebuilding ${indexes} blocks every write to ${table}, and reads too, until it is done.`,
}

export default defineRule({
  id: 'require-concurrent-index',
  title: 'Require CREATE INDEX CONCURRENTLY on tables that already hold rows',
  severity: 'error',
  since: '0.1.0',
  harm: 'wait',
  messages,
  statement(context) {
    const { statement } = context
    if (statement.tag === 'ReindexStmt') checkReindex(context)
    else if (statement.tag === 'IndexStmt') checkIndex(context)
    else if (isOpaque(statement)) checkCode(context)
  },
})

type Context = StatementContext<typeof messages>

function checkIndex(context: Context): void {
  const { statement, effects, transaction, schema, report } = context
  const node = nodeOf(statement, 'IndexStmt')
  if (node?.concurrent === true) return
  const locks = locksDuring(transaction, context)
  const scans = scansUnder(locks, effects, 'build index')
  const lock = lockNamed(locks, node?.relation) ?? locks[0]
  if (scans.length === 0 || lock === undefined) return
  const created = catalogEffects(effects, 'create').find(({ object }) => object.kind.endsWith('index'))
  const name = node?.idxname ?? created?.object.name
  report(
    'blocksWrites',
    { index: name ?? 'this index', queries: everyQueryOn([lock], displayName(lock.relation)) },
    {
      on: lock.relation,
      because: [lock, ...locksOn(locks, scans), ...scans],
      remedy: indexRemedy(context, lock.relation, name, scans),
      preflight: uniqueIndexPreflights(statement, lock.relation, schema),
    },
  )
}

function checkCode(context: Context): void {
  const { effects, transaction, report } = context
  const locks = locksDuring(transaction, context)
  for (const scan of scansUnder(locks, effects, 'build index')) {
    const lock = lockOn(locks, scan.relation)
    if (lock === undefined) continue
    const created = catalogEffects(effects, 'create').find(
      ({ object }) => object.kind === 'index' && object.table === relationKey(scan.relation),
    )
    const index = created?.object.name ?? 'an index'
    report(
      'blocksWrites',
      { index, queries: everyQueryOn([lock], displayName(scan.relation)) },
      {
        on: scan.relation,
        because: [lock, scan],
        remedy: {
          summary:
            'Build it with CREATE INDEX CONCURRENTLY, as a statement of its own in a migration without a transaction: CONCURRENTLY does not work inside a block of code.',
          migrations: [],
        },
      },
    )
  }
}

function checkReindex(context: Context): void {
  const { statement, effects, transaction, report } = context
  const locks = locksDuring(transaction, context)
  const rebuilt = existingRewrites(effects).filter(({ relation }) => lockOn(locks, relation) !== undefined)
  const [lock] = locksOn(locks, rebuilt)
  if (lock === undefined) return
  const names = rebuilt.map(({ relation }) => displayName(relation))
  const concurrently = reindexConcurrentlySql(statement)
  report(
    'reindexBlocks',
    {
      indexes: names.length === 1 ? enumerate(names) : `${names.length} indexes`,
      table: nameAll([lock, ...locksOn(locks, rebuilt)].map(({ relation }) => relation)),
    },
    {
      on: lock.relation,
      because: [
        ...locksOn(locks, rebuilt),
        ...effects.filter((effect) => effect.kind === 'lock' && effect.relation.kind === 'index'),
        ...rebuilt,
        ...existingScans(effects, 'build index'),
      ],
      notes: ['Planning a query locks every index of its table, so reads wait for the locked index.'],
      remedy: {
        summary: 'Rebuild it concurrently, outside a transaction.',
        migrations: concurrently === undefined ? [] : [stepOutsideTransaction(concurrently)],
      },
    },
  )
}

function indexRemedy(
  { statement, settings, schema }: Context,
  table: Relation,
  name: string | undefined,
  scans: readonly ScanEffect[],
): Remedy {
  const parts = scans.map(({ relation }) => relation)
  if (table.kind === 'partitioned table')
    return {
      summary:
        'CONCURRENTLY does not work on partitioned tables: create the index on the parent alone, build one concurrently on each partition, and attach them; the last one makes the index of the parent valid.',
      migrations: partitionedIndexSteps(statement, settings, table, name, parts, schema),
    }
  const sql = createIndexSql(statement, { name, concurrently: true })
  return {
    summary: 'Build it concurrently, in a migration of its own that runs outside a transaction.',
    migrations: sql === undefined ? [] : [stepOutsideTransaction(sql)],
  }
}
