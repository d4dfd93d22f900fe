import {
  analyzes,
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  existingTypeChanges,
  fillingOf,
  grouped,
  hasExpression,
  isOpaque,
  joinedTables,
  newIndexes,
  quoteIdent,
  quoteName,
  relationKey,
  smallTableRows,
  step,
  stepOutsideTransaction,
  stepWithLockTimeout,
  type Effect,
  type Remedy,
  type RunContext,
  type RunStatement,
} from '../../src/rule.ts'

const messages = {
  losesStatistics: ({ columns }: { columns: string }) =>
    `Plans of queries on ${columns} rest on guesses from this commit on: a new type throws the old statistics away, and autovacuum gathers new ones only when a tenth of the rows has changed.`,
  noStatistics: ({ index }: { index: string }) =>
    `Postgres guesses how many rows ${index} finds: statistics of its expression are gathered by the next ANALYZE only, which autovacuum does when a tenth of the rows has changed.`,
  joinsUnseen: ({ table }: { table: string }) =>
    `This joins ${table} right after it was filled, and Postgres plans that without knowing what is in it.`,
}

type Context = RunContext<typeof messages>

interface Table {
  readonly schema: string
  readonly name: string
}

/** What is to be analyzed, and why. */
interface Gap {
  readonly at: RunStatement
  readonly table: Table
  readonly columns?: readonly string[]
  readonly expressions?: boolean
}

export default defineRule({
  id: 'require-analyze',
  title: 'Require ANALYZE where a migration leaves Postgres without statistics',
  severity: 'info',
  since: '0.1.0',
  // who is told not to do it at all need not be told what to do after it
  secondary: true,
  messages,
  run(context) {
    for (const at of context.statements) {
      reportTypes(context, at)
      reportFilled(context, at)
    }
    reportIndexes(context)
  },
})

function reportTypes(context: Context, at: RunStatement): void {
  const byTable = grouped(existingTypeChanges(at.effects), ({ object }) => relationKey(object))
  for (const changes of byTable) {
    const table = changes[0].object
    const columns = changes.map(({ change }) => change.column)
    const gap: Gap = { at, table, columns, expressions: hasExpressions(context, table) }
    if (isFilledLater(context, gap)) continue
    const names = enumerate(columns.map((column) => `${displayName(table)}.${column}`))
    context.report('losesStatistics', { columns: names }, options(gap, names, changes))
  }
}

/** Indexes on expressions of tables that were there. */
function reportIndexes(context: Context): void {
  const { schema, causeOf, report } = context
  const added = schema === undefined ? [] : newIndexes(schema)
  for (const { table, index, isTableNew } of added) {
    if (isTableNew || !hasExpression(index)) continue
    const at = causeOf({ kind: 'index', schema: index.schema, name: index.name, table: relationKey(table) })
    const because = catalogEffects(at?.effects ?? [], 'create').filter(
      ({ object }) => object.name === index.name,
    )
    if (at === undefined || because.length === 0) continue
    const gap: Gap = { at, table, expressions: true }
    const name = displayName(index)
    if (!isFilledLater(context, gap)) report('noStatistics', { index: name }, options(gap, name, because))
  }
}

function hasExpressions({ schema }: Context, table: Table): boolean {
  const found = schema?.before.tables.find((one) => relationKey(one) === relationKey(table))
  return found?.indexes.some(hasExpression) ?? false
}

/** Silent where the run gathers them, or the table is known to be small. */
function isFilledLater({ statements, rowsOf }: Context, { at, table, columns, expressions }: Gap): boolean {
  if ((rowsOf(relationKey(table)) ?? smallTableRows) < smallTableRows) return true
  const later = statements.slice(statements.indexOf(at) + 1)
  return later.some(({ statement }) => analyzes(statement, table, { columns, expressions }))
}

/** A table of this run that was filled by a query, and is joined before anybody has analyzed it. */
function reportFilled({ statements, report }: Context, at: RunStatement): void {
  const earlier = statements.slice(0, statements.indexOf(at))
  for (const name of joinedTables(at.statement)) {
    const from = earlier.findLastIndex((one) => fillingOf(one.statement, one.effects, name) !== undefined)
    const filling = earlier[from]
    const effect = filling === undefined ? undefined : fillingOf(filling.statement, filling.effects, name)
    if (effect === undefined) continue
    const { schema } = effect.kind === 'write' ? effect.relation : effect.object
    const table = { schema: schema.startsWith('pg_temp') ? '' : schema, name }
    if (earlier.slice(from + 1).some(({ statement }) => analyzes(statement, { schema, name }, {}))) continue
    const migrations = [step(`ANALYZE ${quoteName(table)}`, at.statement.sql)]
    const remedy: Remedy = { summary: 'ANALYZE it first.', migrations }
    const on = displayName(table)
    report('joinsUnseen', { table: on }, { on, because: [effect], at, remedy })
  }
}

function options(
  { at, table, columns, expressions = false }: Gap,
  on: string,
  because: readonly Effect[],
): Parameters<Context['report']>[2] {
  const { statement, settings } = at
  const analyze = `ANALYZE ${quoteName(table)}`
  // to build it concurrently is another rule's remedy, which this one must not contradict
  const blocks = statement.tag === 'IndexStmt' && statement.inTransactionBlock
  const when = blocks ? `once the index is there: \`${analyze}\`` : 'right after this one'
  const list = columns === undefined || expressions ? '' : ` (${columns.map(quoteIdent).join(', ')})`
  const itself = statement.inTransactionBlock
    ? stepWithLockTimeout(settings, statement.sql)
    : stepOutsideTransaction(statement.sql)
  const migrations = isOpaque(statement) || blocks ? [] : [itself, step(`${analyze}${list}`)]
  const summary = `Gather them in a migration of its own, ${when}.`
  return { on, because, at, remedy: { summary, migrations } }
}
